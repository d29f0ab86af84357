"""A name server on loopback that answers on the wire, by UDP and – what does not fit there – by TCP."""

import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress

from dns import flags, message, rcode, rdatatype, rrset

_FITS = 512


def _pair() -> tuple[socket.socket, socket.socket]:
    """A port that is free for both."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return tcp, udp


class NameServer:
    """TXT records by name; a name that is not there is NXDOMAIN. ``None`` for a name is a server that fails (SERVFAIL).

    A record is what the zone file has: one or more strings in quotes.
    """

    def __init__(self, zone: Mapping[str, list[str] | None]) -> None:
        self.zone = dict(zone)
        #: Name, type and way of every question.
        self.asked: list[tuple[str, str, str]] = []
        self._tcp, self._udp = _pair()
        self.port: int = self._udp.getsockname()[1]
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._answer_udp, self._answer_tcp)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._udp.sendto(b"", ("127.0.0.1", self.port))
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    def _answer_udp(self) -> None:
        while True:
            wire, sender = self._udp.recvfrom(4096)
            if not wire:
                return
            whole = self._reply(wire, "udp")
            if len(whole) > _FITS:
                short = message.make_response(message.from_wire(wire))
                short.flags |= flags.TC
                whole = short.to_wire()
            self._udp.sendto(whole, sender)

    def _answer_tcp(self) -> None:
        while True:
            line, _address = self._tcp.accept()
            with line, suppress(OSError, struct.error):
                head = line.recv(2)
                if not head:
                    return
                whole = self._reply(line.recv(struct.unpack("!H", head)[0]), "tcp")
                line.sendall(struct.pack("!H", len(whole)) + whole)

    def _reply(self, wire: bytes, way: str) -> bytes:
        question = message.from_wire(wire)
        name = question.question[0].name.to_text(omit_final_dot=True)
        self.asked.append((name, rdatatype.to_text(question.question[0].rdtype), way))
        reply = message.make_response(question)
        records = self.zone.get(name, [])
        if records is None:
            reply.set_rcode(rcode.SERVFAIL)
        elif name not in self.zone:
            reply.set_rcode(rcode.NXDOMAIN)
        elif records:
            reply.answer.append(rrset.from_text_list(f"{name}.", 60, "IN", "TXT", records))
        return reply.to_wire()
