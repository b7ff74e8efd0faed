// Builds the OpenAPI 3.1 document of a route table from the schemas that validate requests.
import { z } from 'zod';
import { errorCodes } from '../../common/errors.ts';
import { Action, ActionPhase, ActionStatus } from '../actions/action.ts';
import { ActionHints, Decision, RequestedContext } from '../actions/routing/action-request.ts';
import { ActionClass, ActionContext } from '../actions/routing/rule.ts';
import { AgentUpgrade, ApplyFix, EnvironmentHealth, FixAttempt, FixSettings, Incident, IncidentList, PastIncident, SoftReboot, SoftRebootRequest, UpgradeAgent } from '../agent/agent-schemas.ts';
import { Artifact, ArtifactDiff, ArtifactHit, ArtifactType, ArtifactVersion, CreateArtifact, StoredFile, WriteVersion } from '../artifacts/artifact.ts';
import { ArtifactRun, ArtifactRunStatus, RunContext } from '../artifacts/artifact-run.ts';
import { AuditEntry, AuditVerdict } from '../audit/audit-entry.ts';
import { Autoscaling, SetAutoscaling } from '../autoscaling/autoscaling.ts';
import { AnswerRequest, Collaboration, CollaborationPage, CollaborationResult, CollaborationStatus, Inbox, InboxTask, Lease, LeaseStatus, Member, Message, MessagePage, PublishFile, SendMessage, SharedFile, SharedFilePage, StartCollaboration, SubTask, SubTaskDetail, SubTaskPage, SubTaskRequest, SubTaskStatus, Synthesis } from '../collaboration/collaboration.ts';
import { BrowserAct, BrowserAnswer, BrowserFile, BrowserTab, FilledField, FillField, PageBlocker, PageSnapshot } from '../browser/browser-act.ts';
import { FormField, PageForm, PageMap } from '../browser/page-map.ts';
import { Environment, EnvironmentState, EnvironmentStats, CreateEnvironment, StatsPoint, StopRequest, UpdateEnvironment } from '../environments/environment-schemas.ts';
import { SshAccess } from '../environments/ssh-access.ts';
import { RestartPolicy } from '../environments/restart-policy.ts';
import { Event } from '../events/event.ts';
import { Secret, SecretBudget, SecretProvider, SetSecret } from '../gateway/secret.ts';
import { DoctorCheck, DoctorReport, HostStatus } from '../host/host.ts';
import { Image } from '../images/image-schemas.ts';
import { Job, JobStatus, StartJob } from '../jobs/job.ts';
import { PortStatus, PublishedPort, PublishPort } from '../ports/published-port.ts';
import { JobProgress } from '../jobs/progress-line.ts';
import { ApiKey, CreateApiKey, CreatedApiKey, KeyScope } from '../keys/api-key.ts';
import { Compaction } from '../memory/compaction.ts';
import { ConsolidationDiff } from '../memory/consolidation.ts';
import { Context, ContextPart } from '../memory/context.ts';
import { ChatLogFormat } from '../memory/importers.ts';
import { Forgotten } from '../memory/forgetting.ts';
import { MemoryHistory } from '../memory/history.ts';
import { Attachment, CallerVector, Importance, Layer, SummaryLine, Memory, MemoryType, Relation } from '../memory/memory.ts';
import { Imported } from '../memory/portability.ts';
import { Rebuilt } from '../memory/rebuilding.ts';
import { BackedUp, Restored } from '../memory/backup.ts';
import { MemoryStats } from '../memory/stats.ts';
import { RememberedFile } from '../memory/files/memory-files.ts';
import { MatchedPart } from '../memory/matched-part.ts';
import { Recalled, RecallHit, RecallInput } from '../memory/recalling.ts';
import { Remembered, RememberInput } from '../memory/remembering.ts';
import { TrainingState } from '../memory/training.ts';
import { MemoryStatus } from '../memory/memory-loader.ts';
import { FixMode } from '../../agent/contract/fixing.ts';
import { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import { PlannedField } from '../../supervisor/profiles/plan.ts';
import { ApplyProfile, ProfilePlan } from '../profiles/profile-change.ts';
import { Pack, PackStep, PackUninstallStep } from '../packs/pack.ts';
import { AvailablePack, InstalledPack, PackChangeAnswer, ShownPack, ShownPackEntry } from '../packs/pack-schemas.ts';
import { Operation, OperationStatus, OperationStep, Problem } from '../operations/operation.ts';
import { Profile } from '../../supervisor/profiles/profile.ts';
import { GuestEntry, GuestFileEvent } from '../../supervisor/guest/guest-folders.ts';
import { ExecExit } from '../../supervisor/guest/guest-channel.ts';
import { Adopted, QuarantineItem } from '../recovery/quarantine-item.ts';
import { DevSession, SessionEntry, SessionKind, SessionPage, SessionSettings } from '../sessions/dev-session.ts';
import { Snapshot } from '../snapshots/snapshot-schemas.ts';
import { ReadDocument } from '../reading/documents/document.ts';
import { PaperList } from '../research/academic/find-papers.ts';
import { Author, Paper } from '../research/academic/paper.ts';
import { Capture, Blocker } from '../research/capture.ts';
import { Evidence, Finding } from '../research/evidence/evidence.ts';
import { Statement } from '../research/evidence/statements.ts';
import { CheckedClaim, ReportSection, ResearchReport, Verdict } from '../research/runs/research-report.ts';
import { CollectInput, DeepDiveInput, FactCheckInput, ResearchRun, StartRun } from '../research/runs/research-run.ts';
import { Workflow, WorkflowDocument } from '../research/workflows/workflow.ts';
import { CollectPage, CollectedPage, Passage, PassageList } from '../research/research-service.ts';
import { PartReport } from '../startup/parts.ts';
import { RemovedUser, User } from '../users/user.ts';
import { ActionAnswer, ActionBody, ActionFrame, ArtifactRunAnswer, ArtifactRunFrame, RunArtifactBody } from './action-protocol.ts';
import { AcceptedAnswer, ActionPage, ApiKeyPage, ArtifactHitPage, ArtifactPage, ArtifactRunPage, ArtifactVersionPage, AuditPage, CapturePage, EnvironmentPage, EventPage, FilePage, FileWritten, ForkAnswer, Health, ImagePage, InstalledPackPage, JobPage, MemoryPage, PackHistoryPage, PackPage, PortPage, OperationAnswer, OperationPage, PastIncidentPage, ProfileAnswer, ProfilePage, QuarantinePage, Readiness, RunAnswer, RunPage, SecretPage, SnapshotAnswer, SnapshotPage, UserPage, WorkflowPage } from './answers.ts';
import { ExecBody, ExecFrame, ExecResult } from './exec-protocol.ts';
import { PROBLEM_TYPE } from './problem.ts';
import type { AnswerDoc, Route } from './route.ts';
import { errorResponses, servers, tagTexts, type ErrorResponse } from './openapi-texts.ts';

/** Schemas with a name in the document; others are inlined. */
const named = new Map<z.ZodType, string>(Object.entries({
  ApiKey, CreateApiKey, CreateEnvironment, CreatedApiKey, DoctorCheck, DoctorReport, Environment, AgentUpgrade, UpgradeAgent, ApplyFix, Autoscaling, SetAutoscaling, EnvironmentHealth, EnvironmentStats, FixAttempt, FixMode, FixSettings, Incident, IncidentList, PastIncident, SoftReboot, SoftRebootRequest, Event, ExecBody, ExecExit, ExecFrame, ExecResult,
  Attachment, CallerVector, ConsolidationDiff, Context, ContextPart, SummaryLine, Memory, MemoryHistory, MemoryStats, MemoryStatus, Recalled, RecallHit, RecallInput, Relation, Remembered, MatchedPart, RememberedFile,
  RememberInput, TrainingState,
  GuestEntry, GuestFileEvent, HostStatus, Image, User, Operation, OperationStep, Problem, Profile, ProfilePlan, PlannedField, ApplyProfile, StatsPoint, StopRequest, UpdateEnvironment,
  ChatLogFormat, EnvironmentState, Importance, KeyScope, MemoryLayer: Layer, MemoryType, NetworkPolicy, OperationStatus, RestartPolicy,
  Adopted, Compaction, Forgotten, Imported, PartReport, QuarantineItem, ReadDocument, Rebuilt, RemovedUser, Snapshot, MemoryBackup: BackedUp, RestoredMemory: Restored,
  Action, ActionAnswer, ActionBody, ActionClass, ActionContext, ActionFrame, ActionHints, ActionPage, ActionPhase, ActionStatus, Decision, RequestedContext, Artifact, ArtifactDiff, ArtifactHit, ArtifactHitPage, ArtifactPage, ArtifactRun, ArtifactRunAnswer, ArtifactRunFrame, ArtifactRunPage, ArtifactRunStatus, RunArtifact: RunArtifactBody, RunContext, ArtifactType, ArtifactVersion, ArtifactVersionPage, CreateArtifact, WriteArtifactVersion: WriteVersion, StoredFile, AuditEntry, AuditPage, AuditVerdict, Job, JobPage, JobProgress, JobStatus, StartJob, PortPage, PortStatus, PublishedPort, PublishPort, Secret, SecretBudget, SecretPage, SecretProvider, SetSecret, SshAccess,
  Pack, PackStep, PackUninstallStep, AvailablePack, InstalledPack, PackChangeAnswer, ShownPack, PackEntry: ShownPackEntry, PackPage, InstalledPackPage, PackHistoryPage,
  DevSession, SessionEntry, SessionKind, SessionPage, SessionSettings, AnswerRequest, Collaboration, CollaborationPage, CollaborationResult, CollaborationStatus, Inbox, InboxTask, Lease, LeaseStatus, Member, Message, MessagePage, PublishFile, SendMessage, SharedFile, SharedFilePage, StartCollaboration, SubTask, SubTaskDetail, SubTaskPage, SubTaskRequest, SubTaskStatus, Synthesis,
  BrowserAct, BrowserAnswer, BrowserFile, BrowserTab, FilledField, FillField, PageBlocker, PageSnapshot, FormField, PageForm, PageMap,
  AcceptedAnswer, ApiKeyPage, EnvironmentPage, EventPage, FilePage, FileWritten, ForkAnswer, Health, ImagePage, MemoryPage, OperationAnswer, OperationPage, PastIncidentPage, ProfileAnswer, ProfilePage, QuarantinePage,
  Readiness, SnapshotAnswer, SnapshotPage, UserPage, Blocker, Capture, CapturePage, CollectPage, CollectedPage, Passage, PassageList, Author, Paper, PaperList, Evidence, Finding, Statement, CheckedClaim, ReportSection, ResearchReport, CollectInput, DeepDiveInput, FactCheckInput, ResearchRun, StartResearchRun: StartRun, ResearchRunPage: RunPage, ResearchRunAnswer: RunAnswer, Verdict, ResearchWorkflow: Workflow, ResearchWorkflowPage: WorkflowPage, WorkflowDocument,
}).map(([name, schema]) => [schema, name]));

/** Schema metadata, including the names above. */
class NamedRegistry extends z.core.$ZodRegistry<z.core.GlobalMeta> {
  override get<S extends z.core.$ZodType>(schema: S): z.core.$replace<z.core.GlobalMeta, S> | undefined {
    const meta = z.globalRegistry.get(schema);
    const id = named.get(schema as unknown as z.ZodType);
    return id === undefined ? meta : { ...meta, id } as z.core.$replace<z.core.GlobalMeta, S>;
  }
}

export interface JsonSchema { [keyword: string]: unknown }
interface Parameter { name: string; in: 'path' | 'query' | 'header'; required: boolean; description?: string; schema: JsonSchema }
type Content = Record<string, { schema: JsonSchema; example?: unknown }>;
export interface ApiResponse { description: string; content?: Content }

export interface ApiOperation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; description?: string; content: Content };
  responses: Record<string, ApiResponse | { $ref: string }>;
  'x-scope': string;
  'x-limited-keys': boolean;
}

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: readonly { url: string; description: string }[];
  tags: readonly { name: string; description: string }[];
  paths: Record<string, Record<string, ApiOperation>>;
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, ApiResponse>; securitySchemes: Record<string, JsonSchema> };
}

export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {};
  const known = { input: new Map<z.ZodType, JsonSchema>(), output: new Map<z.ZodType, JsonSchema>() };
  const convert = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    const before = known[io].get(schema);
    if (before !== undefined) return before;
    const made = toJsonSchema(schema, io, schemas);
    known[io].set(schema, made);
    return made;
  };
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = describe(route, convert);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Somnus', version,
      description: 'Errors are problem bodies (RFC 9457) with a stable `code` and a `hint`. Lists return `{items, nextCursor}`. '
        + 'A key that is limited to one environment sees only that environment, its operations and events, and stores and recalls its memories.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers,
    tags: [...new Set(Object.values(paths).flatMap((methods) => Object.values(methods).flatMap(({ tags }) => tags)))].map((name) => ({ name, description: tagTexts[name] ?? '' })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      responses: Object.fromEntries([...errorResponses].map(([status, error]) => [error.name, problemResponse(status, error, convert(Problem, 'output'))])),
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
    },
  };
}

type Convert = (schema: z.ZodType, io: 'input' | 'output') => JsonSchema;

function describe(route: Route, convert: Convert): ApiOperation {
  const body = requestBody(route, convert);
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [/^\/v1\/(\w+)/.exec(route.path)?.[1] ?? 'server'],
    security: route.access === 'public' ? [] : [{ key: [] }],
    'x-scope': route.access === 'public' ? 'none' : route.access.scope,
    'x-limited-keys': route.access === 'public' || route.access.limitedKeys,
    parameters: [
      ...parameters('path', convert(route.params, 'input')),
      ...parameters('query', convert(route.query, 'input')),
      ...headerParameters(route),
    ],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, response(answer, convert)])), ...errorsOf(route) },
  };
}

/** The errors that a route can answer with; any other error of the table may follow from a failure of Somnus itself. */
function errorsOf(route: Route): Record<string, { $ref: string }> {
  const guarded = route.access !== 'public';
  const changes = route.method !== 'get' && route.method !== 'head';
  const statuses = [
    ...(guarded ? [400, 401, 403] : []), ...(guarded && route.path.includes('{') ? [404] : []), ...(guarded && (changes || route.path.includes('{ref}')) ? [409] : []), ...(route.headers?.['If-Match'] === undefined ? [] : [412]),
    ...(guarded && changes && route.upload === undefined ? [413, 415] : []), ...(guarded && changes ? [422] : []), ...(route.path.startsWith('/v1/memory') ? [423] : []), 500,
    ...(route.path.includes('/environments/{ref}') ? [502] : []), ...(guarded ? [503, 504] : []),
  ];
  return Object.fromEntries(statuses.filter((status) => route.answers[status] === undefined).map((status) => [status, { $ref: `#/components/responses/${errorResponses.get(status)?.name ?? ''}` }]));
}

function problemResponse(status: number, { description, codes }: ErrorResponse, schema: JsonSchema): ApiResponse {
  const [code = 'internal'] = codes;
  const { title, hint } = errorCodes[code];
  return { description, content: { [PROBLEM_TYPE]: { schema, example: { type: `/docs#${code}`, title, status, code, detail: title, hint } } } };
}

function parameters(place: 'path' | 'query', schema: JsonSchema): Parameter[] {
  const required = schema['required'] as string[] | undefined ?? [];
  return Object.entries(schema['properties'] as Record<string, JsonSchema> | undefined ?? {}).map(([name, { description, ...rest }]) => ({
    name, in: place, required: required.includes(name),
    ...(typeof description === 'string' ? { description } : {}),
    schema: rest,
  }));
}

function headerParameters(route: Route): Parameter[] {
  const headers = { ...route.headers, ...(route.idempotent !== undefined ? { 'Idempotency-Key': 'The same key with the same request returns the first answer again. 1–200 visible ASCII characters.' } : {}) };
  return Object.entries(headers).map(([name, description]) => ({ name, in: 'header', required: false, description, schema: { type: 'string' } }));
}

function requestBody(route: Route, convert: Convert): ApiOperation['requestBody'] {
  if (route.upload !== undefined) return { required: true, description: route.upload, content: { 'application/octet-stream': { schema: {} } } };
  if (route.body instanceof z.ZodObject && Object.keys(route.body.shape).length === 0) return undefined;
  return { required: !route.body.safeParse({}).success, content: { 'application/json': { schema: convert(route.body, 'input'), ...(route.example === undefined ? {} : { example: route.example }) } } };
}

function response(answer: AnswerDoc, convert: Convert): ApiResponse {
  const content: Content = {};
  if (answer.schema !== undefined || answer.contentType !== undefined) {
    content[answer.contentType ?? 'application/json'] = { schema: answer.schema === undefined ? {} : convert(answer.schema, 'output') };
  }
  for (const [type, schema] of Object.entries(answer.also ?? {})) content[type] = { schema: convert(schema, 'output') };
  return Object.keys(content).length === 0 ? { description: answer.description } : { description: answer.description, content };
}

/** Adds named schemas to `schemas`, which references point to. */
function toJsonSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, JsonSchema>): JsonSchema {
  const json = JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: 'any', metadata: new NamedRegistry() })).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $schema: _, $defs = {}, ...rest } = JSON.parse(json) as { $schema?: string; $defs?: Record<string, JsonSchema> } & JsonSchema;
  for (const [name, { id: _id, ...definition }] of Object.entries($defs)) schemas[name] ??= withoutInternals(definition) as JsonSchema;
  return withoutInternals(rest) as JsonSchema;
}

/** Leaves out what only says how zod checks: the range of a safe integer, and the pattern of a format that has a name. */
function withoutInternals(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInternals);
  if (typeof value !== 'object' || value === null) return value;
  const schema = value as JsonSchema;
  const isSchema = typeof schema['type'] === 'string';
  return Object.fromEntries(Object.entries(schema)
    .filter(([key, each]) => !(isSchema && ((key === 'minimum' && each === Number.MIN_SAFE_INTEGER) || (key === 'maximum' && each === Number.MAX_SAFE_INTEGER)
      || (key === 'pattern' && typeof schema['format'] === 'string' && schema['format'] !== 'starts_with') || (key === 'format' && each === 'starts_with'))))
    .map(([key, each]) => [key, withoutInternals(each)]));
}
