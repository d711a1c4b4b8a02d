"""The rules that only routing owns: links between levels, and where a case goes."""
