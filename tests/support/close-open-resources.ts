// Runs in every test file, after its own cleanup.
import { afterAll } from 'vitest';
import { closeOpenResources } from './open-resources.ts';

afterAll(closeOpenResources);
