// Runs in every test file, after its own clean-up.
import { afterAll } from 'vitest';
import { closeOpenResources } from './open-resources.ts';

afterAll(closeOpenResources);
