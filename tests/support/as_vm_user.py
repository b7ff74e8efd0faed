# Plays a compromised QEMU: tries what a user can open, connect to, list or create below some paths. Prints a JSON list of what worked.
#   as_vm_user.py PATH…   (run by setpriv as the VM's user, without other groups)
import json, os, socket, stat, sys

worked = []

def attempt(what, path, act):
    try:
        act()
        worked.append(f'{what} {path}')
    except OSError:
        pass

def close(fd):
    os.close(fd)

for path in sys.argv[1:]:
    kind, _, name = path.partition(':')
    if kind == 'file':
        attempt('read', name, lambda: close(os.open(name, os.O_RDONLY | os.O_NONBLOCK)))
        attempt('write', name, lambda: close(os.open(name, os.O_WRONLY | os.O_NONBLOCK)))
        attempt('chmod', name, lambda: os.chmod(name, 0o777))
    elif kind == 'socket':
        attempt('connect', name, lambda: socket.socket(socket.AF_UNIX).connect(name))
    else:
        attempt('list', name, lambda: os.listdir(name))
        made = os.path.join(name, 'planted')
        attempt('plant', name, lambda: os.symlink('/etc/shadow', made))
        attempt('unplant', name, lambda: os.unlink(made))
print(json.dumps(worked))
