"""Checks that no network can be reached. On a machine that keeps this promise, the attempts send no packet."""

from functools import partial

from gedanken.sandbox.conformance.check import Check, refused

_check = partial(Check, group="network", judge=refused)

# Connecting a UDP socket only looks up a route. 192.0.2.0/24 is reserved for documentation (RFC 5737).
_ROUTE = """
def route(family, address, port=53):
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
"""

INTERFACES = """
names = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
# Some kernels give each namespace idle ends of tunnels; without addresses they lead nowhere.
idle = {"lo", "tunl0", "sit0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"}
others = sorted(set(names) - idle)
(breach if others else held)(f"interfaces: {names}")
"""

TCP = """
def connect():
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect(("192.0.2.1", 9))
refused("a TCP connection", connect, passed=(errno.EINPROGRESS,))
"""

UDP = (
    _ROUTE
    + """
refused("a route for UDP over IPv4", lambda: route(socket.AF_INET, "192.0.2.1"))
refused("a route for UDP over IPv6", lambda: route(socket.AF_INET6, "2001:db8::1"))
"""
)

DNS = (
    _ROUTE
    + """
lines = [line.split() for line in open("/etc/resolv.conf")] if os.path.exists("/etc/resolv.conf") else []
servers = [line[1] for line in lines if line[:1] == ["nameserver"] and len(line) > 1]
reached = []
for server in servers:
    try:
        route(socket.AF_INET6 if ":" in server else socket.AF_INET, server)
    except OSError:
        continue
    if not server.startswith("127."):
        reached.append(server)
if reached:
    breach(f"there is a route to the resolver {reached[0]}")
else:
    refused("a name", lambda: socket.getaddrinfo("gedanken.invalid.", 80), passed=(socket.EAI_NONAME,))
"""
)

METADATA_4 = (
    _ROUTE
    + """
refused("169.254.169.254", lambda: route(socket.AF_INET, "169.254.169.254", 80))
refused("169.254.170.2", lambda: route(socket.AF_INET, "169.254.170.2", 80))
"""
)
METADATA_6 = _ROUTE + 'refused("fd00:ec2::254", lambda: route(socket.AF_INET6, "fd00:ec2::254", 80))\n'

RAW = """
def raw(*kind):
    socket.socket(*kind).close()
refused("a raw socket", lambda: raw(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
refused("a packet socket", lambda: raw(socket.AF_PACKET, socket.SOCK_RAW, 0))
"""

HOST_LOOPBACK = """
def connect(address):
    socket.create_connection((address, @PORT@), 1).close()
refused("a socket of the host on 127.0.0.1", lambda: connect("127.0.0.1"))
for line in list(open("/proc/net/route"))[1:]:
    gateway = socket.inet_ntoa(int(line.split()[2], 16).to_bytes(4, sys.byteorder))
    if gateway != "0.0.0.0":
        refused(f"a socket of the host on {gateway}", lambda: connect(gateway))
"""

ABSTRACT_SOCKET = """
def connect():
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect("\\0@SOCKET@")
refused("an abstract socket of the host", connect)
"""

ENGINE_SOCKET = """
import glob
places = ["docker.sock", "podman/podman.sock", "containerd/containerd.sock", "crio/crio.sock",
          "dbus/system_bus_socket"]
paths = [f"{root}/{place}" for root in ("/run", "/var/run") for place in places] + glob.glob("/run/user/*/*/*.sock")
for path in sorted({os.path.realpath(path) for path in paths if os.path.exists(path)}):
    with socket.socket(socket.AF_UNIX) as sock:
        refused(path, lambda: sock.connect(path))
held("no other socket of an engine is visible")
"""

VSOCK = 'refused("a socket to the hypervisor", lambda: socket.socket(40, socket.SOCK_STREAM).close())\n'

CHECKS = (
    _check("interfaces", promise="There is no network interface except the loopback.", program=INTERFACES),
    _check("tcp", promise="No TCP connection can be begun.", program=TCP),
    _check("udp", promise="No datagram can leave.", program=UDP),
    _check("dns", promise="No name can be looked up.", program=DNS),
    _check("metadata-ipv4", promise="A cloud's metadata addresses have no route.", program=METADATA_4),
    _check("metadata-ipv6", promise="A cloud's IPv6 metadata address has no route.", program=METADATA_6),
    _check("raw-sockets", promise="Raw packets cannot be sent.", program=RAW),
    _check("host-loopback", promise="Servers on the host's loopback cannot be reached.", program=HOST_LOOPBACK),
    _check("abstract-socket", promise="The host's abstract sockets cannot be reached.", program=ABSTRACT_SOCKET),
    _check("engine-socket", promise="No engine's socket answers.", program=ENGINE_SOCKET),
    _check(
        "vsock",
        promise="The hypervisor of a virtual machine cannot be reached through vsock, which bypasses the network.",
        program=VSOCK,
    ),
)
