// A minimal control plane that dies at a given moment: run by operations-crash.test.ts.
// usage: operations-victim.ts FOLDER SCENARIO MOMENT, where MOMENT is a number, counted from the start of this process, or a name.
import { openWorkshop, submit } from '../support/operations.ts';
import { registerScenario, runWaiting, type Scenario } from './operations-scenario.ts';

const [folder = '', scenario = '', moment = ''] = process.argv.slice(2);
using shop = openWorkshop(folder);
let passed = 0;
registerScenario(shop, folder, scenario as Scenario, (name) => {
  passed += 1;
  if (moment === String(passed) || moment === name) process.kill(process.pid, 'SIGKILL');
});
if (shop.engine.waiting().length === 0) submit(shop.engine, { target: 'env_a' });
await runWaiting(shop);
