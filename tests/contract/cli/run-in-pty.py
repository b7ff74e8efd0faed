# Runs a program in a pseudo-terminal: standard input is typed into it, and what it shows goes to standard output.
# Lines "COLUMNS ROWS" on descriptor 3 change the terminal's size. The exit code is the program's.
import fcntl, os, pty, select, signal, struct, sys, termios

def size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

pid, master = pty.fork()
if pid == 0:
    size(0, 90, 30)
    os.execvp(sys.argv[1], sys.argv[1:])
size(master, 90, 30)
sources = [0, 3, master]
while master in sources:
    for fd in select.select(sources, [], [])[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b''
        if fd == master:
            if data:
                os.write(1, data)
            else:
                sources.remove(master)
        elif not data:
            sources.remove(fd)
        elif fd == 0:
            os.write(master, data)
        else:
            columns, rows = map(int, data.split()[-2:])
            size(master, columns, rows)
            os.kill(pid, signal.SIGWINCH)
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
