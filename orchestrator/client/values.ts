// Generated from orchestrator/api/openapi.json by `npm run openapi`.
export const actionClassValues = ['build', 'research', 'analysis', 'data', 'container', 'collaboration', 'system'] as const;
export const actionContextValues = ['vm', 'container', 'multi-agent', 'hybrid'] as const;
export const actionStatusValues = ['running', 'ended', 'lost'] as const;
export const chatLogFormatValues = ['openai', 'claude', 'jsonl'] as const;
export const environmentStateValues = ['creating', 'stopped', 'starting', 'running', 'stopping', 'suspended', 'hibernating', 'hibernated', 'waking', 'restoring', 'failed', 'removing', 'removed'] as const;
export const fixModeValues = ['off', 'suggest', 'act'] as const;
export const importanceValues = ['critical', 'high', 'medium', 'low', 'temporary'] as const;
export const jobStatusValues = ['running', 'ended', 'lost'] as const;
export const keyScopeValues = ['read', 'write', 'admin'] as const;
export const memoryLayerValues = ['raw', 'fact', 'summary'] as const;
export const memoryTypeValues = ['core_fact', 'conversation', 'document', 'code_snippet', 'tool_result', 'custom_instruction', 'system_event'] as const;
export const networkPolicyValues = ['open', 'packages', 'none'] as const;
export const operationStatusValues = ['queued', 'running', 'cancelling', 'undoing', 'succeeded', 'failed', 'cancelled'] as const;
export const portStatusValues = ['listening', 'failed'] as const;
export const requestedContextValues = ['auto', 'vm', 'container', 'multi-agent', 'hybrid'] as const;
export const restartPolicyValues = ['always', 'on-failure', 'never'] as const;
