"""Runs in a guest and repeatedly verifies pages whose content it knows: on the disk, in the page cache, in anonymous memory.

    integrity_checker.py SEED MIB            starts without previous data
    integrity_checker.py SEED MIB --recover  continues after a reboot: the disk must contain everything in the journal

Each page starts with its number and its generation, which determine the rest of it. Each pass rewrites some pages of the file, makes them durable, and only then records
their generations in a journal, which it also makes durable. `status.json` is replaced after each pass and contains what was checked so far; `acknowledged` is the number of
durable journal records. Nothing is ever repaired: a page that differs is reported once.
"""
import json
import mmap
import os
import random
import struct
import sys
import time
import zlib

PAGE = 4096
CHUNK = 256 * PAGE
HEADER = struct.Struct('<8sQQ')
RECORD = struct.Struct('<QQQII')  # sequence, page, generation, checksum of these, zero
MAGIC = b'somnus-i'
FOLDER = '/root/integrity'
STATUS = '/run/integrity-status.json'
REWRITTEN_EACH_PASS = 64
SAMPLES = 20


class Pages:
    """The pages of one kind, with the expected content of each."""

    def __init__(self, kind, count, noise, salt):
        self.kind, self.count, self.noise, self.salt = kind, count, noise, salt
        self.generations = [0] * count

    def content(self, number, generation):
        start = (number * 2654435761 + generation * 40503 + self.salt * 9176) % (len(self.noise) - PAGE)
        return HEADER.pack(MAGIC, number, generation) + self.noise[start:start + PAGE - HEADER.size]

    def chunk(self, first):
        return b''.join(self.content(number, self.generations[number]) for number in range(first, min(first + CHUNK // PAGE, self.count)))

    def differing(self, first, data):
        """Numbers of the pages in `data`, which starts at page `first`, that differ from their expected content."""
        expected = self.chunk(first)
        if data == expected:
            return []
        return [first + at // PAGE for at in range(0, len(expected), PAGE) if data[at:at + PAGE] != expected[at:at + PAGE]]


class Checker:
    def __init__(self, seed, mib, recover):
        noise = random.Random(seed).randbytes(3 * 2 ** 20 + 4095)
        count = mib * 2 ** 20 // PAGE
        self.random = random.Random(f'{seed} {time.time()}')
        self.file_pages = Pages('file', count, noise, 1)
        self.memory_pages = Pages('memory', count, noise, 2)
        self.churn_pages = Pages('unsynced', count // 8, noise, 3)
        self.status = {'pid': os.getpid(), 'pass': 0, 'pagesChecked': 0, 'differences': 0, 'samples': [], 'acknowledged': 0, 'recovered': None}
        self.reported = set()
        os.makedirs(FOLDER, exist_ok=True)
        if recover:
            self.recover()
        else:
            self.fill()
        self.memory = mmap.mmap(-1, count * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for first in range(0, count, CHUNK // PAGE):
            self.memory[first * PAGE:first * PAGE + CHUNK] = self.memory_pages.chunk(first)

    def fill(self):
        with open(f'{FOLDER}/file', 'wb') as file:
            for first in range(0, self.file_pages.count, CHUNK // PAGE):
                file.write(self.file_pages.chunk(first))
        with open(f'{FOLDER}/journal', 'wb'):
            pass
        os.sync()
        self.open()

    def open(self):
        self.file = os.open(f'{FOLDER}/file', os.O_RDWR)
        self.churn = os.open(f'{FOLDER}/unsynced', os.O_RDWR | os.O_CREAT)
        self.journal = os.open(f'{FOLDER}/journal', os.O_RDWR | os.O_APPEND)

    def recover(self):
        self.open()
        records = 0
        with open(f'{FOLDER}/journal', 'rb') as journal:
            while len(record := journal.read(RECORD.size)) == RECORD.size:
                sequence, page, generation, checksum, _ = RECORD.unpack(record)
                if sequence != records or checksum != zlib.crc32(record[:24]):
                    break
                self.file_pages.generations[page] = generation
                records += 1
        os.truncate(f'{FOLDER}/journal', records * RECORD.size)
        self.status['acknowledged'] = self.status['recovered'] = records
        for number in range(self.file_pages.count):  # a page may be newer than the journal if it was rewritten when the guest ended
            page = os.pread(self.file, PAGE, number * PAGE)
            _, _, generation = HEADER.unpack(page[:HEADER.size])
            if generation == self.file_pages.generations[number] + 1:
                self.file_pages.generations[number] = generation
            if page != self.file_pages.content(number, self.file_pages.generations[number]):
                self.report('recovered file', number, page)

    def report(self, kind, number, page):
        if (kind, number) in self.reported:
            return
        self.reported.add((kind, number))
        self.status['differences'] += 1
        if len(self.status['samples']) < SAMPLES:
            self.status['samples'].append({'kind': kind, 'page': number, 'zero': not any(page), 'begins': page[:32].hex(), 'pass': self.status['pass']})

    def look(self, pages, kind, read):
        for first in range(0, pages.count, CHUNK // PAGE):
            data = read(first * PAGE, CHUNK)
            for number in pages.differing(first, data):
                self.report(kind, number, data[(number - first) * PAGE:(number - first + 1) * PAGE])
        self.status['pagesChecked'] += pages.count

    def rewrite(self):
        chosen = self.random.sample(range(self.file_pages.count), REWRITTEN_EACH_PASS)
        for number in chosen:
            os.pwrite(self.file, self.file_pages.content(number, self.file_pages.generations[number] + 1), number * PAGE)
            self.file_pages.generations[number] += 1
        os.fdatasync(self.file)
        sequence = self.status['acknowledged']
        records = b''
        for number in chosen:
            head = struct.pack('<QQQ', sequence, number, self.file_pages.generations[number])
            records += head + struct.pack('<II', zlib.crc32(head), 0)
            sequence += 1
        os.write(self.journal, records)
        os.fsync(self.journal)
        self.status['acknowledged'] = sequence
        for number in self.random.sample(range(self.memory_pages.count), REWRITTEN_EACH_PASS):
            self.memory_pages.generations[number] += 1
            self.memory[number * PAGE:(number + 1) * PAGE] = self.memory_pages.content(number, self.memory_pages.generations[number])

    def churn_all(self):
        """Writes without a flush: the kernel writes the pages back while everything else continues."""
        for number in range(self.churn_pages.count):
            self.churn_pages.generations[number] += 1
        for first in range(0, self.churn_pages.count, CHUNK // PAGE):
            os.pwrite(self.churn, self.churn_pages.chunk(first), first * PAGE)

    def run(self):
        while True:
            self.churn_all()
            self.rewrite()
            self.look(self.memory_pages, 'memory', lambda offset, length: self.memory[offset:offset + length])
            self.look(self.churn_pages, 'unsynced', lambda offset, length: os.pread(self.churn, length, offset))
            self.look(self.file_pages, 'page cache', lambda offset, length: os.pread(self.file, length, offset))
            os.sync()
            with open('/proc/sys/vm/drop_caches', 'w') as drop:
                drop.write('3')
            self.look(self.file_pages, 'file', lambda offset, length: os.pread(self.file, length, offset))
            self.look(self.churn_pages, 'unsynced', lambda offset, length: os.pread(self.churn, length, offset))
            self.status['pass'] += 1
            self.tell()

    def tell(self):
        with open(f'{STATUS}.new', 'w') as status:
            json.dump(self.status, status)
        os.rename(f'{STATUS}.new', STATUS)


checker = Checker(sys.argv[1], int(sys.argv[2]), '--recover' in sys.argv)
checker.tell()
checker.run()
