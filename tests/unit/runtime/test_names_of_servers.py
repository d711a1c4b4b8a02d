"""A server that comes back at another address is found there, however long the name server lets addresses be kept."""

import socketserver
import subprocess
import sys
import threading

import dns.flags
import dns.message
import dns.rrset

ASK_TWICE = """
from lianxi.runtime import run
import socket
from eventlet.support import greendns
run.look_names_up_each_time()
resolver = greendns.resolver._resolver
resolver.nameservers, resolver.port, resolver.search = ["127.0.0.1"], {port}, []
print(socket.gethostbyname("broker.moves.example"), socket.gethostbyname("broker.moves.example"))
"""


class EachTimeElsewhere(socketserver.BaseRequestHandler):
    """Answers every question for an address with another one, good for ten minutes."""

    def handle(self):
        data, socket = self.request
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        asked = question.question[0]
        if asked.rdtype == dns.rdatatype.A:
            self.server.answered += 1
            answer.answer.append(dns.rrset.from_text(asked.name, 600, "IN", "A", f"10.0.0.{self.server.answered}"))
        socket.sendto(answer.to_wire(), self.client_address)


def test_the_services_ask_anew_where_a_server_is():
    with socketserver.UDPServer(("127.0.0.1", 0), EachTimeElsewhere) as server:
        server.answered = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        program = ASK_TWICE.format(port=server.server_address[1])
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
        server.shutdown()

    assert done.stdout.split() == ["10.0.0.1", "10.0.0.2"], done.stderr
