// Builds the libvirt XML of a VM from its shape. A pure function that decides the virtual hardware; the caller takes care of the folders and file
// owners.
//
// The order of the devices is part of every saved memory state: libvirt assigns addresses by it, and QEMU loads a state only at the same addresses.
// Add new devices at the end.
import { SomnusError } from '../../common/errors.ts';

export interface DomainShape {
  /** The domain's name in libvirt. */
  name: string;
  uuid: string;
  /** CPUs and RAM that the VM boots with, which are its maxima. How much of them it uses can change while it runs. */
  vcpusMax: number;
  memoryMaxMiB: number;
  accel: 'kvm' | 'tcg';
  /** A versioned name such as `pc-i440fx-7.2`, so that a newer QEMU does not change the hardware under a saved state. */
  machineType: string;
  /** `maximum`, `host-passthrough`, `host-model`, or a model name. */
  cpuModel: string;
  /**
   * The VM's folder in the pool with `disk` (raw), `ram`, `kernel` and `initrd`. libvirt is configured not to change their owners, because it would
   * return the files to root afterwards: `disk` and `ram` must belong to `user`, who must be able to read the others and to enter the folder. `ram`
   * may be missing or empty on a cold start. AppArmor needs rules for `ram` and the state socket in addition to those that libvirt generates: see
   * host/apparmor.ts.
   */
  folder: string;
  /** The user that QEMU runs as, one per VM. */
  user: { uid: number; gid: number };
  kernelCmdline: string;
  mac: string;
  /** An existing tap. libvirt does not create, configure or remove it. */
  tapName: string;
  /** Folder for the sockets and the console log, which libvirt creates. It belongs to root, and `user` must be able to enter it. */
  runDir: string;
  /** A changed value tells the guest that it is a copy. */
  genid: string;
  /** At most 20 characters; appears as `/dev/disk/by-id/virtio-…` in the guest. */
  diskSerial: string;
  /** Identifies the environment and installation of the domain. */
  metadata: { environmentId: string; installation: string };
  /** PCI address of a host device assigned to the guest. Such a VM cannot have memory states. */
  gpu?: string | undefined;
  /** Adds a watchdog device that reports to the host when the guest does not reset its timer in time. It does nothing else; Somnus decides how to react. */
  watchdog: boolean;
  /** Adds the port of the guest's helper. */
  helper: boolean;
  /** Whether the guest sees the host's extensions for virtualization. Without them it reaches less of KVM's code, and a saved state holds no nested VM. */
  nestedVirtualization: boolean;
  /** Wait for a memory state instead of booting. Never use it in a persistent definition: the next plain start would hang. */
  incoming?: boolean;
}

/** The sockets and the log in `runDir`. All but `stateSocket` appear in the XML. */
export const runFiles = {
  /** The agent's port, `somnus.agent.0` in the guest. */
  agentSocket: 'agent.sock',
  /** The port of the guest's helper, `somnus.helper.0` in the guest. */
  helperSocket: 'helper.sock',
  /** The port of QEMU's guest agent, opened by libvirt. */
  guestAgentSocket: 'qga.sock',
  consoleLog: 'console.log',
  /** QEMU connects here to write its device state. To read one, it listens on the same name in `qemuFolder`. */
  stateSocket: 'state.sock',
  /** The only folder QEMU may write to; it listens there for a device state. */
  qemuFolder: 'qemu',
} as const;

const METADATA_NAMESPACE = 'urn:somnus:domain:1';
const QEMU_NAMESPACE = 'http://libvirt.org/schemas/domain/qemu/1.0';
/** Length of sun_path in Linux, without the terminating zero. */
const LONGEST_SOCKET_PATH = 107;
/** Without a limit each VM's translation cache grows to 1 GiB. This limit does not slow down boot. */
const TCG_CACHE_MIB = 128;
const BALLOON_STATS_PERIOD_S = 5;

/**
 * Repeatable: the same shape gives the same text. @throws SomnusError invalid_request when a value cannot be written as XML, config_invalid when
 * `runDir` is too long for a socket
 */
export function buildDomainXml(shape: DomainShape): string {
  const file = (name: string): string => `${shape.folder}/${name}`;
  const socket = (name: string): string => {
    const path = `${shape.runDir}/${name}`;
    if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
      throw new SomnusError('config_invalid', `${path} is too long for a socket`, { hint: 'Choose a data folder with a shorter path.', details: { path, longest: LONGEST_SOCKET_PATH } });
    }
    return path;
  };
  return xml`<domain type='${shape.accel === 'kvm' ? 'kvm' : 'qemu'}' xmlns:qemu='${QEMU_NAMESPACE}'>
  <name>${shape.name}</name>
  <uuid>${shape.uuid}</uuid>
  <genid>${shape.genid}</genid>
  <metadata>
    <somnus:environment xmlns:somnus='${METADATA_NAMESPACE}' id='${shape.metadata.environmentId}' instance='${shape.metadata.installation}'/>
  </metadata>
  <memory unit='MiB'>${shape.memoryMaxMiB}</memory>
  <vcpu placement='static'>${shape.vcpusMax}</vcpu>
  <os>
    <type arch='x86_64' machine='${shape.machineType}'>hvm</type>
    <kernel>${file('kernel')}</kernel>
    <initrd>${file('initrd')}</initrd>
    <cmdline>${shape.kernelCmdline}</cmdline>
  </os>
  <features>
    <acpi/>
    <apic/>
    <vmport state='off'/>${shape.accel === 'tcg' ? xml`
    <tcg><tb-cache unit='MiB'>${TCG_CACHE_MIB}</tb-cache></tcg>` : none}
  </features>
  ${cpu(shape)}
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <pm>
    <suspend-to-mem enabled='no'/>
    <suspend-to-disk enabled='no'/>
  </pm>
  <devices>
    <controller type='usb' model='none'/>
    <controller type='virtio-serial' index='0'/>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='writeback' io='threads' discard='unmap' detect_zeroes='unmap' error_policy='enospace' rerror_policy='report'/>
      <source file='${file('disk')}'/>
      <target dev='vda' bus='virtio'/>
      <serial>${shape.diskSerial}</serial>
    </disk>
    <interface type='ethernet'>
      <mac address='${shape.mac}'/>
      <target dev='${shape.tapName}' managed='no'/>
      <model type='virtio'/>
      <driver name='qemu'/>
      <rom enabled='no'/>
    </interface>
    <serial type='file'>
      <source path='${shape.runDir}/${runFiles.consoleLog}' append='on'/>
      <target port='0'/>
    </serial>
    <channel type='unix'>
      <source mode='bind' path='${socket(runFiles.agentSocket)}'/>
      <target type='virtio' name='somnus.agent.0'/>
    </channel>
    <channel type='unix'>
      <source mode='bind' path='${socket(runFiles.guestAgentSocket)}'/>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>${shape.helper ? xml`
    <channel type='unix'>
      <source mode='bind' path='${socket(runFiles.helperSocket)}'/>
      <target type='virtio' name='somnus.helper.0'/>
    </channel>` : none}
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
    </rng>
    <memballoon model='virtio' autodeflate='off' freePageReporting='on'>
      <stats period='${BALLOON_STATS_PERIOD_S}'/>
    </memballoon>
    <panic model='isa'/>${shape.watchdog ? xml`
    <watchdog model='i6300esb' action='none'/>` : none}${shape.gpu === undefined ? none : hostDevice(shape.gpu)}
  </devices>
  <seclabel type='static' model='dac' relabel='no'>
    <label>+${shape.user.uid}:+${shape.user.gid}</label>
  </seclabel>
  <qemu:commandline>${ramArguments(shape).map((argument) => xml`
    <qemu:arg value='${argument}'/>`)}
  </qemu:commandline>
</domain>
`.text;
}

/**
 * Returns QEMU arguments that replace libvirt's guest memory with a shared file of ours, which can be cloned.
 *
 * Because of that, disks must not use direct I/O (`cache='none'`). The page cache holds the RAM file in large folios, and direct I/O pins the folio
 * it reads into. When the balloon punches a 4 KiB hole into a pinned folio, the kernel cannot split it and drops all of it if it is clean. The read
 * then ends in memory that is mapped nowhere, and the guest sees old data or zeros. Buffered I/O copies instead of pinning; the guest's flushes still
 * reach the disk.
 */
function ramArguments({ folder, memoryMaxMiB, incoming }: DomainShape): string[] {
  const path = `${folder}/ram`.replaceAll(',', ',,'); // QEMU escapes a comma in an option by doubling it
  return [
    '-object', `memory-backend-file,id=somnus.ram,size=${memoryMaxMiB}M,mem-path=${path},share=on`,
    '-machine', 'memory-backend=somnus.ram',
    ...(incoming ? ['-incoming', 'defer'] : []),
  ];
}

/** libvirt detaches the device from its host driver when the VM starts, and reattaches it when the VM ends. */
function hostDevice(pciAddress: string): Xml {
  const [, domain = '', bus = '', slot = '', fn = ''] = /^([0-9a-f]{4}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/.exec(pciAddress) ?? [];
  if (domain === '') throw new SomnusError('config_invalid', `${pciAddress} is not a PCI address such as 0000:01:00.0`);
  return xml`
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/></source>
    </hostdev>`;
}

function cpu({ cpuModel, nestedVirtualization }: DomainShape): Xml {
  switch (cpuModel) {
    case 'maximum':
    case 'host-model': return xml`<cpu mode='${cpuModel}'/>`;
    case 'host-passthrough': return nestedVirtualization ? xml`<cpu mode='host-passthrough' check='none' migratable='on'/>` : xml`<cpu mode='host-passthrough' check='none' migratable='on'>
    <feature policy='disable' name='vmx'/>
    <feature policy='disable' name='svm'/>
  </cpu>`;
    default: return xml`<cpu mode='custom' match='exact' check='partial'><model fallback='forbid'>${cpuModel}</model></cpu>`;
  }
}

/** Text that is already XML; all other values are escaped when inserted. */
interface Xml { readonly text: string }

const none: Xml = { text: '' };

function xml(parts: TemplateStringsArray, ...values: (string | number | Xml | Xml[])[]): Xml {
  return { text: parts.map((part, index) => (index === 0 ? '' : render(values[index - 1] ?? '')) + part).join('') };
}

function render(value: string | number | Xml | Xml[]): string {
  if (Array.isArray(value)) return value.map(({ text }) => text).join('');
  return typeof value === 'object' ? value.text : escapeXml(String(value));
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;', '"': '&quot;', '\t': '&#9;', '\n': '&#10;', '\r': '&#13;' };

function escapeXml(value: string): string {
  // XML 1.0 cannot represent the other control characters or unpaired surrogates.
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(value) || !value.isWellFormed()) {
    throw new SomnusError('invalid_request', `${JSON.stringify(value)} contains a character that XML cannot represent`);
  }
  return value.replaceAll(/[&<>'"\t\n\r]/g, (character) => escapes[character] ?? character);
}
