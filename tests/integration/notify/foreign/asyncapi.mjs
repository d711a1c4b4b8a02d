// Reads AsyncAPI documents with their makers' parser; a line of JSON for each: what it finds wrong, worst first.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  const found = diagnostics.map(({ severity, code, message, path }) => ({ severity, code, message, path: path.join(".") }));
  found.sort((one, other) => one.severity - other.severity);
  console.log(JSON.stringify({ read: document !== undefined, found }));
}
