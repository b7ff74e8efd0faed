"""Sends real packets and reports which were answered. Runs in a guest (a VM, or a network namespace that plays one), with only Python's standard library.

probe JSON      a list of {"id", "kind", …}: tries all in parallel and prints {"id": true or false, …}; an answer only counts if it contains the token.
serve PORT      answers everything on PORT by TCP and UDP with the token, and records what arrives by UDP.
seen PORT       prints what the server on PORT has recorded, as a list of [source, payload].
"""
import json, random, socket, ssl, struct, sys, threading, time, urllib.error, urllib.request

TOKEN = b'somnus-probe'
REQUEST = 'GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n'


def tcp(ip, port, data=None, wait=2.0):
    with socket.create_connection((ip, port), wait) as s:
        s.settimeout(wait)
        s.sendall(data or (REQUEST % ip).encode())
        answer = b''
        while True:
            part = s.recv(65536)
            if not part:
                return answer
            answer += part


def hello(name):
    """The first bytes of a TLS client."""
    sent = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return sent.read()


def udp(ip, port, data, wait):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(wait)
        s.connect((ip, port))
        s.send(data)
        return s.recv(65536)


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ping(ip, wait):
    number = random.randrange(65536)
    body = struct.pack('!BBHHH', 8, 0, 0, number, 1) + TOKEN
    body = body[:2] + struct.pack('!H', checksum(body)) + body[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.settimeout(wait)
        s.sendto(body, (ip, 0))
        end = time.monotonic() + wait
        while time.monotonic() < end:
            answer, source = s.recvfrom(65536)
            icmp = answer[(answer[0] & 15) * 4:]
            if source[0] == ip and icmp[0] == 0 and struct.unpack('!H', icmp[4:6])[0] == number:
                return True
    return False


def ping6_all(device, wait):
    """Any neighbor that answers on IPv6."""
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as s:
        s.settimeout(wait)
        index = socket.if_nametoindex(device)
        own = {line.split()[0] for line in open('/proc/net/if_inet6')}
        s.sendto(struct.pack('!BBHHH', 128, 0, 0, 1, 1) + TOKEN, ('ff02::1', 0, 0, index))
        end = time.monotonic() + wait
        while time.monotonic() < end:
            answer, source = s.recvfrom(65536)
            if answer[0] == 129 and socket.inet_pton(socket.AF_INET6, source[0].split('%')[0]).hex() not in own:
                return True
    return False


def dns(server, name, wait, kind=1, by_tcp=False):
    """The answer's code: 0 for an answer, 5 for a refusal."""
    number = random.randrange(65536)
    query = struct.pack('!HHHHHH', number, 0x0100, 1, 0, 0, 0) + b''.join(bytes([len(p)]) + p.encode() for p in name.split('.')) + b'\0' + struct.pack('!HH', kind, 1)
    if by_tcp:
        with socket.create_connection((server, 53), wait) as s:
            s.settimeout(wait)
            s.sendall(struct.pack('!H', len(query)) + query)
            answer = s.recv(65536)[2:]
    else:
        answer = udp(server, 53, query, wait)
    return answer[3] & 15


def https(url, wait):
    """Whether the host itself answered, with anything; a refusal by our proxy does not count."""
    try:
        with urllib.request.urlopen(url, timeout=wait) as answer:
            answer.read(1)
            return True
    except urllib.error.HTTPError as error:
        return b'network policy' not in error.read()


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def frame(p):
    """A UDP datagram in a frame with arbitrary addresses."""
    payload = p['payload'].encode()
    segment = struct.pack('!HHHH', 40000, p['port'], 8 + len(payload), 0) + payload
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(segment), 1, 0, 64, 17, 0, socket.inet_aton(p['sourceIp']), socket.inet_aton(p['ip']))
    header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
    vlan = struct.pack('!HH', 0x8100, p['vlan']) if 'vlan' in p else b''
    return mac(p['targetMac']) + mac(p['sourceMac']) + vlan + b'\x08\x00' + header + segment


def arp_frame(p):
    return mac(p['targetMac']) + mac(p['frameMac']) + b'\x08\x06' + struct.pack('!HHBBH6s4s6s4s', 1, 0x0800, 6, 4, p['operation'], mac(p['sourceMac']), socket.inet_aton(p['sourceIp']), b'\0' * 6, socket.inet_aton(p['ip']))


def raw(device, data, times=3):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((device, 0))
        for _ in range(times):
            s.send(data)


def who_has(device, p, wait):
    """Whether ARP reports an owner of an address."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as s:
        s.bind((device, 0x0806))
        s.settimeout(wait)
        s.send(arp_frame(p))
        end = time.monotonic() + wait
        while time.monotonic() < end:
            answer = s.recv(65536)
            if answer[20:22] == b'\0\2' and answer[28:32] == socket.inet_aton(p['ip']):
                return True
    return False


def default_device():
    for line in open('/proc/net/route').read().splitlines()[1:]:
        fields = line.split()
        if fields[1] == '00000000':
            return fields[0]
    return 'eth0'


def attempt(p):
    wait = p.get('wait', 2.0)
    kind = p['kind']
    try:
        if kind == 'tcp':
            return TOKEN in tcp(p['ip'], p['port'], (REQUEST % p.get('host', p['ip'])).encode(), wait)
        if kind == 'tls':
            return TOKEN in tcp(p['ip'], p['port'], hello(p['name']), wait)
        if kind == 'udp':
            return TOKEN in udp(p['ip'], p['port'], p.get('payload', 'probe').encode(), wait)
        if kind == 'ping':
            return ping(p['ip'], wait)
        if kind == 'ping6':
            return ping6_all(default_device(), wait)
        if kind == 'dns':
            return dns(p['ip'], p['name'], wait, p.get('type', 1), p.get('byTcp', False)) in (0, 3)
        if kind == 'https':
            return https(p['url'], p.get('wait', 20.0))
        if kind == 'who-has':
            return who_has(default_device(), p, wait)
        if kind == 'frame':
            raw(default_device(), frame(p))
            return True
        if kind == 'arp':
            raw(default_device(), arp_frame(p))
            return True
        if kind == 'flood':
            for _ in range(p['count']):  # each from a different port
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.sendto(p['payload'].encode(), (p['ip'], p['port']))
            return True
    except (OSError, ssl.SSLError):
        return False
    raise ValueError(kind)


def probe(probes):
    results = {}
    def one(p):
        results[p['id']] = attempt(p)
    threads = [threading.Thread(target=one, args=(p,)) for p in probes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(results))


def serve(port):
    seen = []
    listener = socket.create_server(('0.0.0.0', port), backlog=128)
    control = socket.create_server(('127.0.0.1', port + 1))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    datagrams.bind(('0.0.0.0', port))

    def answer(s):
        try:
            s.settimeout(5)
            s.recv(65536)
            s.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n' % len(TOKEN) + TOKEN)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
        except OSError:
            pass
        finally:
            s.close()

    def take_tcp():
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    def take_udp():
        while True:
            data, source = datagrams.recvfrom(65536)
            seen.append([source[0], data.decode('latin1')])
            datagrams.sendto(TOKEN, source)

    for work in (take_tcp, take_udp):
        threading.Thread(target=work, daemon=True).start()
    print('ready', flush=True)
    while True:
        s, _ = control.accept()
        with s:
            s.sendall(json.dumps(seen).encode())


def seen(port):
    with socket.create_connection(('127.0.0.1', port + 1), 10) as s:
        answer = b''
        while True:
            part = s.recv(65536)
            if not part:
                break
            answer += part
    print(answer.decode())


if sys.argv[1] == 'probe':
    probe(json.loads(sys.argv[2]))
elif sys.argv[1] == 'serve':
    serve(int(sys.argv[2]))
else:
    seen(int(sys.argv[2]))
