#!/usr/bin/python3 -IS
# Somnus in a VM, version unknown
#
# The command `somnus` inside a VM: talks to the control plane at 127.0.0.1:7777, which forwards only to this environment.
# One file without dependencies; it avoids Python's socket and http modules, whose import takes longer than the request.
import sys, json, time, _socket

ADDRESS = ('127.0.0.1', 7777)
TOKEN_FILE = '/run/somnus/token'
PATIENCE_S = 120  # for the connection to return after a snapshot, a fork or a restart of the control plane
USAGE = '''usage: somnus [--json] COMMAND

  me                          show this environment
  limits                      show what this environment may request for itself
  snapshot [NAME] [-m TEXT] [--disk-only]   save disk, memory and running programs
  snapshots                   list snapshots
  rollback SNAPSHOT [--disk-only]           return to a snapshot; replaces this VM, with all its programs
  fork NAME [SNAPSHOT]        create another environment that continues from here
  run [--explain] COMMAND...  run a command where it fits best
  profile NAME [--dry-run]    switch to another profile
  remember TEXT               store a memory (- reads standard input)
  recall QUERY                find memories
  context QUERY               memories as text for a prompt
  jobs, incidents, events     list them
  get PATH                    GET any path of the API

http://127.0.0.1:7777/llms.txt explains all of it.'''
EXIT = {400: 2, 401: 4, 403: 4, 404: 3, 409: 5, 412: 5, 422: 2, 423: 4, 429: 5, 504: 6}


class Failed(Exception):
    def __init__(self, code, message, hint='', status=0):
        self.code, self.message, self.hint, self.status = code, message, hint, status


def connect(deadline):
    while True:
        try:
            with open(TOKEN_FILE) as file:
                token = file.read().strip()
            connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            connection.connect(ADDRESS)
            return connection, token
        except PermissionError:
            raise Failed(4, TOKEN_FILE + ' belongs to root', 'Run this command as root.')
        except OSError:
            if time.monotonic() > deadline:
                raise Failed(1, 'Somnus does not answer at 127.0.0.1:7777', 'The host connects again within seconds while its control plane runs. Try again later.')
            time.sleep(0.5)


def request(method, path, body=None, stream=None, patience=10, retry=False):
    """Sends one request; a lost connection is an error, or is repeated with `retry` (only for requests that change nothing)."""
    deadline = time.monotonic() + patience
    while True:
        connection, token = connect(deadline)
        try:
            data = b'' if body is None else json.dumps(body).encode()
            head = '%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nAccept: application/json%s\r\n' % (method, path, token, ', application/x-ndjson' if stream else '')
            if body is not None:
                head += 'Content-Type: application/json\r\nContent-Length: %d\r\n' % len(data)
            send(connection, head.encode() + b'\r\n' + data)
            return answer(connection, stream)
        except OSError:
            lost = Failed(1, 'The connection to Somnus was lost', 'The request may have taken effect.')
        finally:
            connection.close()
        if not retry or time.monotonic() > deadline:
            raise lost
        time.sleep(0.5)


def send(connection, data):
    while data:
        data = data[connection.send(data):]


def answer(connection, stream):
    received = b''
    while b'\r\n\r\n' not in received:
        part = connection.recv(65536)
        if not part:
            raise OSError('no answer')
        received += part
    head, _, rest = received.partition(b'\r\n\r\n')
    lines = head.decode('latin1').split('\r\n')
    status = int(lines[0].split(' ')[1])
    headers = dict(line.lower().split(': ', 1) for line in lines[1:] if ': ' in line)
    length = int(headers['content-length']) if 'content-length' in headers else None
    chunks, size = [rest], len(rest)
    if stream and status == 200:
        return follow(connection, rest, stream)
    while length is None or size < length:
        part = connection.recv(65536)
        if not part:
            break
        chunks.append(part)
        size += len(part)
    if length is not None and size < length:
        raise OSError('cut off')
    text = b''.join(chunks).decode('utf-8', 'replace')
    value = json.loads(text) if 'json' in headers.get('content-type', '') else text
    if status >= 400:
        problem = value if isinstance(value, dict) else {}
        raise Failed(EXIT.get(status, 1), problem.get('detail', 'HTTP %d' % status), problem.get('hint', ''), status)
    return value


def follow(connection, rest, stream):
    while True:
        *lines, rest = rest.split(b'\n')
        for line in lines:
            if line:
                stream(json.loads(line))
        part = connection.recv(65536)
        if not part:
            return None
        rest += part


def finished(me, operation, what):
    """Waits for an operation. Returns its end, or None when this program finds itself in a fork."""
    while operation['status'] not in ('succeeded', 'failed', 'cancelled'):
        try:
            operation = request('GET', '/v1/operations/%s?wait=5' % operation['id'], patience=PATIENCE_S, retry=True)
        except Failed as error:
            if error.status != 404:
                raise
            now = request('GET', '/v1/me', patience=PATIENCE_S, retry=True)
            if now['id'] == me['id']:
                raise
            return None
    if operation['status'] != 'succeeded':
        problem = operation['error'] or {}
        raise Failed(1, '%s failed: %s' % (what, problem.get('detail', operation['status'])), problem.get('hint', ''))
    return operation


def rolled_back(operation):
    """The rollback of this VM that ended after the operation, if there is one."""
    page = request('GET', '/v1/operations?kind=snapshot.restore&status=succeeded&limit=1', patience=PATIENCE_S, retry=True)
    return next((each for each in page['items'] if each['startedAt'] > operation['endedAt']), None)


class Command:
    def __init__(self, words, as_json):
        self.words, self.as_json = words, as_json

    def flag(self, name):
        if name not in self.words:
            return False
        self.words.remove(name)
        return True

    def value(self, name):
        if name not in self.words:
            return None
        at = self.words.index(name)
        if at + 1 >= len(self.words):
            raise Failed(2, name + ' needs a value')
        value = self.words[at + 1]
        del self.words[at:at + 2]
        return value

    def take(self, least, most, names):
        for word in self.words:
            if word.startswith('-') and word != '-':
                raise Failed(2, 'unknown option ' + word, 'See `somnus help`.')
        if not least <= len(self.words) <= most:
            raise Failed(2, 'usage: somnus ' + names)
        return self.words + [None] * (most - len(self.words))

    def show(self, value, text):
        print(json.dumps(value) if self.as_json else text(value))

    def me(self):
        self.take(0, 0, 'me')
        self.show(request('GET', '/v1/me', retry=True), lambda me: '%(name)s (%(id)s): %(state)s, profile %(profile)s, %(vcpus)d vCPUs, %(memoryMiB)d MiB' % me + ('' if me['snapshotId'] is None else ', last snapshot %s' % me['snapshotId']))

    def limits(self):
        self.take(0, 0, 'limits')
        self.show(request('GET', '/v1/limits', retry=True), lambda value: '\n'.join('%-20s %s' % (name, part) for name, part in ((name, shown(part)) for name, part in value.items()) if part != ''))

    def snapshot(self):
        description, disk_only = self.value('-m'), self.flag('--disk-only')
        name, = self.take(0, 1, 'snapshot [NAME] [-m TEXT] [--disk-only]')
        me = request('GET', '/v1/me', retry=True)
        body = {'memory': not disk_only}
        if name is not None:
            body['name'] = name
        if description is not None:
            body['description'] = description
        started = request('POST', '/v1/me/snapshots', body)
        snapshot = started['snapshot']
        operation = finished(me, started['operation'], 'The snapshot')
        restore = None if operation is None else rolled_back(operation)
        came = 'fork' if operation is None else 'snapshot' if restore is None else 'rollback'
        text = {'fork': 'This is a fork: it continues from %(name)s', 'rollback': 'Rolled back to %(name)s', 'snapshot': 'Saved %(name)s'}[came]
        self.show({'snapshot': snapshot, 'operation': operation, 'continuedBy': came}, lambda value: text % snapshot)

    def snapshots(self):
        self.take(0, 0, 'snapshots')
        self.show(request('GET', '/v1/me/snapshots?limit=200', retry=True), lambda page: '\n'.join('%-24s %s %s' % (each['name'], each['createdAt'], each['description']) for each in page['items']) or 'No snapshots.')

    def rollback(self):
        disk_only = self.flag('--disk-only')
        snapshot, = self.take(1, 1, 'rollback SNAPSHOT [--disk-only]')
        self.show(request('POST', '/v1/me/snapshots/%s/restore' % quote(snapshot), {'memory': not disk_only}), lambda value: 'Operation %s replaces this VM with the state of %s in a moment.' % (value['operation']['id'], snapshot))

    def fork(self):
        name, snapshot = self.take(1, 2, 'fork NAME [SNAPSHOT]')
        me = request('GET', '/v1/me', retry=True)
        started = request('POST', '/v1/me/fork', {'name': name} if snapshot is None else {'name': name, 'snapshot': snapshot})
        operation = finished(me, started['operation'], 'The fork')
        here = 'fork' if operation is None else 'source'
        self.show({'environments': started['environments'], 'operation': operation, 'here': here}, lambda value: 'This is the fork %s.' % name if operation is None else 'Created %s (%s).' % (name, started['environments'][0]['id']))

    def run(self):
        explain = self.words[:1] == ['--explain']
        words = self.words[1:] if explain else self.words
        if words[:1] == ['--']:
            words = words[1:]
        if not words:
            raise Failed(2, 'usage: somnus run [--explain] COMMAND...')
        body = {'command': words[0] if len(words) == 1 else words, 'cwd': '/root'}
        try:
            import posix
            body['cwd'] = posix.getcwd()
        except OSError:
            pass
        if explain or self.as_json:
            result = request('POST', '/v1/me/actions', dict(body, explain=True) if explain else dict(body, stream=False))
            self.show(result, lambda value: '%(context)s: %(reason)s' % value['decision'])
            return 0 if explain else result['result']['exitCode']
        code = [1]

        def frame(value):
            kind = value.get('type')
            if kind in ('stdout', 'stderr'):
                data = value['data'].encode()
                if value['encoding'] == 'base64':
                    import binascii
                    data = binascii.a2b_base64(data)
                out = getattr(sys, kind).buffer
                out.write(data)
                out.flush()
            elif kind == 'exit':
                code[0] = value['exit']['code']
            elif kind == 'error':
                raise Failed(1, value['problem']['detail'], value['problem']['hint'])
        request('POST', '/v1/me/actions', dict(body, stream=True), stream=frame)
        return code[0]

    def profile(self):
        dry = self.flag('--dry-run')
        name, = self.take(1, 1, 'profile NAME [--dry-run]')
        started = request('POST', '/v1/me/profile', {'profile': name, 'dryRun': dry})
        if started['operation'] is not None:
            started['operation'] = finished(None, started['operation'], 'The change')
        self.show(started, lambda value: '\n'.join('%(field)s: %(from)s → %(to)s (%(when)s)' % each for each in value['plan']['fields']) or 'Nothing changes.')

    def remember(self):
        text = ' '.join(self.words)
        if text == '-':
            text = sys.stdin.read()
        if not text.strip():
            raise Failed(2, 'usage: somnus remember TEXT')
        self.show(request('POST', '/v1/memory/remember', {'text': text}), lambda value: '%s %s' % (value['outcome'], value['id'] or ''))

    def recall(self):
        self.query('/v1/memory/recall', 'recall', lambda value: 'Nothing relevant.' if value['nothingRelevant'] else '\n'.join(each['memory']['text'] for each in value['hits']))

    def context(self):
        self.query('/v1/memory/context', 'context', lambda value: value['text'])

    def query(self, path, name, text):
        query = ' '.join(self.words)
        if not query.strip():
            raise Failed(2, 'usage: somnus %s QUERY' % name)
        self.show(request('POST', path, {'query': query}), text)

    def jobs(self):
        self.take(0, 0, 'jobs')
        self.show(request('GET', '/v1/me/jobs', retry=True), lambda page: '\n'.join('%s %s %s' % (each['id'], each['status'], each['name'] or ' '.join(each['command'])) for each in page['items']) or 'No jobs.')

    def incidents(self):
        self.take(0, 0, 'incidents')
        self.show(request('GET', '/v1/me/agent/incidents', retry=True), lambda page: '\n'.join('%s %s: %s' % (each['id'], each['place'], each['category']) for each in page['items']) or 'No incidents.')

    def events(self):
        self.take(0, 0, 'events')
        self.show(request('GET', '/v1/events?limit=50', retry=True), lambda page: '\n'.join('%s %s' % (each['at'], each['type']) for each in page['items']) or 'No events.')

    def get(self):
        path, = self.take(1, 1, 'get PATH')
        value = request('GET', path, retry=True)
        print(value if isinstance(value, str) else json.dumps(value))


def shown(value):
    if isinstance(value, dict):
        return '%s of %s' % (value['used'], value['allowed']) if 'used' in value and 'allowed' in value else json.dumps(value)
    if isinstance(value, list):
        return ', '.join(each if isinstance(each, str) else json.dumps(each) for each in value) or 'none'
    return '' if value is None else str(value)


def quote(text):
    return ''.join(chr(byte) if chr(byte).isalnum() and byte < 128 or chr(byte) in '-_.~' else '%%%02X' % byte for byte in text.encode())


def main(words):
    as_json = words[:1] == ['--json']
    words = words[1:] if as_json else words
    if words[:1] != ['run'] and '--json' in words:
        as_json = True
        words.remove('--json')
    if not words or words[0] in ('help', '--help', '-h'):
        print(USAGE)
        return 0 if words else 2
    names = ('me', 'limits', 'snapshot', 'snapshots', 'rollback', 'fork', 'run', 'profile', 'remember', 'recall', 'context', 'jobs', 'incidents', 'events', 'get')
    try:
        if words[0] not in names:
            raise Failed(2, 'unknown command ' + words[0], 'See `somnus help`.')
        return getattr(Command(words[1:], as_json), words[0])() or 0
    except Failed as error:
        sys.stderr.write('error: %s\n' % error.message + ('hint: %s\n' % error.hint if error.hint else ''))
        return error.code
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
