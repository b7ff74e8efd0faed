// All commands of `somnus`. The program, its help and its completion are generated from this table.
import type { CommandSection } from '../command.ts';
import { activityCommands } from './activity-commands.ts';
import { artifactCommands } from './artifact-commands.ts';
import { collaborationCommands } from './collaboration-commands.ts';
import { browserCommands } from './browser-commands.ts';
import { environmentCommands } from './environment-commands.ts';
import { guestCommands } from './guest-commands.ts';
import { hostCommands } from './host-commands.ts';
import { memoryCommands } from './memory-commands.ts';
import { packCommands } from './pack-commands.ts';
import { researchCommands } from './research-commands.ts';
import { snapshotCommands } from './snapshot-commands.ts';

export const commandTable: readonly CommandSection[] = [
  { title: 'Environments:', entries: environmentCommands },
  { title: 'Snapshots and forks:', entries: snapshotCommands },
  { title: 'Packs:', entries: packCommands },
  { title: 'Inside an environment:', entries: [...guestCommands, ...browserCommands] },
  { title: 'Artifacts:', entries: artifactCommands },
  { title: 'Several agents:', entries: collaborationCommands },
  { title: 'Operations and events:', entries: activityCommands },
  { title: 'Memory:', entries: memoryCommands },
  { title: 'Research:', entries: researchCommands },
  { title: 'Host:', entries: hostCommands },
];
