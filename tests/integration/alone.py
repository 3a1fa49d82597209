"""Serve and inspect where there is no network but loopback, and see whether anybody tries to leave.

    unshare --net --mount python alone.py FRAME FRAME FRAME

All other addresses lead back to loopback, where nobody answers and each packet is seen; so does the name server. The
last line of standard output is JSON: how the commands ended, where packets went to meanwhile, and where the packets
of a program went that does ask for a name.
"""

import ipaddress
import json
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ETH_P_ALL, SO_RCVBUFFORCE, SOL_PACKET, PACKET_STATISTICS = 3, 33, 263, 6
NAME_SERVER = "192.0.2.53"
STRIPSIGHT = str(Path(sys.executable).with_name("stripsight"))


class Listener:
    """Sees every packet on loopback."""

    def __init__(self) -> None:
        """Listen, with room for all of a few strips."""
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
        self.socket.bind(("lo", ETH_P_ALL))
        self.socket.setblocking(False)

    def outside(self) -> list[str]:
        """Return the addresses other than loopback's that packets went to since the last time."""
        found = set()
        try:
            while True:
                found.add(addressed(self.socket.recv(64)))
        except BlockingIOError:
            _, lost = struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
            assert not lost, "packets were not seen"
        return sorted(str(address) for address in found if not address.is_loopback)


def addressed(packet: bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Where a packet goes to."""
    if packet[0] >> 4 == 4:
        return ipaddress.IPv4Address(packet[16:20])
    return ipaddress.IPv6Address(packet[24:40])


def isolate(folder: Path) -> None:
    """Lead everything to loopback."""
    (folder / "resolv.conf").write_text(f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1\n")
    for command in (
        "ip link set lo up",
        "ip route add default dev lo",
        "ip -6 route add default dev lo",
        "mount --make-rprivate /",
        f"mount --bind {folder / 'resolv.conf'} /etc/resolv.conf",
    ):
        subprocess.run(command.split(), check=True)


def inspected(frames: list[str], folder: Path) -> dict[str, Any]:
    """Serve, inspect one strip by the command line, stop; the exit statuses."""
    serve = [STRIPSIGHT, "serve", "--record-dir", str(folder / "records"), "--listen", "127.0.0.1:0"]
    serve += ["--metrics-listen", "127.0.0.1:0"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        ready = next(line for line in map(json.loads, server.stdout) if line["event"] == "ready")
        inspect = subprocess.run([STRIPSIGHT, "inspect", *frames, "--target", ready["listen"]], check=False)
        server.send_signal(signal.SIGTERM)
        server.stdout.read()
    return {"inspect": inspect.returncode, "serve": server.returncode}


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        isolate(Path(name))
        listener = Listener()
        ended = inspected(sys.argv[1:], Path(name))
        outside = listener.outside()
        subprocess.run(["getent", "hosts", "example.org"], check=False)
        print(json.dumps(ended | {"outside": outside, "asked": listener.outside()}))
