// Every rule, strongest first. Among equals the label whose fix is most specific comes first: the cause decides before the exception's class.
import { authRules, permissionRules } from './access.ts';
import { configurationRules } from './configuration.ts';
import { dependencyRules } from './dependencies.ts';
import { gpuRules } from './gpu.ts';
import { networkRules } from './network.ts';
import { diskRules, memoryRules } from './resources.ts';
import { weights, type Rule } from './rule.ts';
import { runtimeRules } from './runtime.ts';

export const rules: readonly Rule[] = [
  ...diskRules, ...dependencyRules, ...gpuRules, ...memoryRules, ...authRules, ...permissionRules, ...configurationRules, ...networkRules, ...runtimeRules,
].toSorted((a, b) => weights[b.strength] - weights[a.strength]);
