// Suspends a VM. Quick: finishes before the request is answered.
import type { Vm } from '../vms/vm.ts';

/** Repeatable. */
export async function suspend(vm: Vm): Promise<void> {
  await vm.host.driver.suspend(vm.domainName);
}
