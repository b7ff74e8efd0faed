// QEMU's arguments for a small VM that does one thing for the host, reports on its console, and ends. libvirt does not know it.

/** Without a disk or network, and without the host's virtualization: what it runs may come from a guest. */
export function helperVmArgs(accel: 'kvm' | 'tcg', memoryMiB: number): string[] {
  return [
    '-accel', accel, '-cpu', accel === 'kvm' ? 'host,vmx=off,svm=off' : 'max', '-machine', 'pc', '-m', String(memoryMiB), '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
  ];
}
