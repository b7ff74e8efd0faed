// /v1/artifacts/{artifact}/runs: runs a version of an artifact, and returns its results.
import { z } from 'zod';
import { ArtifactRun, RESULTS_VARIABLE, RunFileQuery, RunOutputQuery } from '../../artifacts/artifact-run.ts';
import { PageQuery } from '../../store/page.ts';
import { ArtifactRunAnswer, ArtifactRunFrame, RunArtifactBody } from '../action-protocol.ts';
import { ArtifactRunPage } from '../answers.ts';
import { execResult } from '../exec-result.ts';
import { execLines } from '../ndjson-exec.ts';
import { Ref, route, type Access, type Route } from '../route.ts';

const see: Access = { scope: 'read', limitedKeys: true };
const path = '/v1/artifacts/{artifact}/runs';
const ArtifactParams = z.strictObject({ artifact: Ref });
const RunParams = ArtifactParams.extend({ run: Ref });
const bytes = { description: 'The bytes.', contentType: 'application/octet-stream' };

export const artifactRunRoutes: readonly Route[] = [
  route({
    method: 'post', path, id: 'runArtifact', summary: 'Run an artifact',
    description: `In a container of its own without rights and network, or in the VM. The output and the files that it leaves in the folder named by ${RESULTS_VARIABLE} are kept. The run ends when the client disconnects. The answer is streamed or not as for …/exec; a stream begins with the run.`,
    access: { scope: 'write', limitedKeys: true }, params: ArtifactParams, body: RunArtifactBody, example: { args: ['/srv/corpus/a.txt'], filesIn: ['/srv/corpus'] },
    answers: { 200: { description: 'The run and its result, or a stream of frames.', contentType: 'application/x-ndjson', schema: ArtifactRunFrame, also: { 'application/json': ArtifactRunAnswer } } },
    handle: async ({ caller, params, body, headers, requestId, ending }, { services }) => {
      const accept = headers.accept ?? '';
      const { stdin, stream = !accept.includes('application/json') || accept.includes('application/x-ndjson'), ...request } = body;
      const { run, process } = await services.artifactRuns.run(caller, params.artifact, request, ending);
      process.stdin.on('error', () => {}); // a program may ignore its input
      process.stdin.end(stdin ?? '');
      if (stream) return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: execLines(process, requestId, ending, { type: 'run', run }) };
      const result = await execResult(process, ending);
      return { status: 200, body: { run: await services.artifactRuns.get(caller, run.artifactId, run.id), result } satisfies ArtifactRunAnswer };
    },
  }),
  route({
    method: 'get', path, id: 'listArtifactRuns', summary: 'List the runs of an artifact, newest first',
    access: see, params: ArtifactParams, query: PageQuery, answers: { 200: { description: 'A page.', schema: ArtifactRunPage } },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, body: await services.artifactRuns.list(caller, params.artifact, query) }),
  }),
  route({
    method: 'get', path: `${path}/{run}`, id: 'getArtifactRun', summary: 'Show a run with its result files',
    access: see, params: RunParams, answers: { 200: { description: 'The run.', schema: ArtifactRun } },
    handle: async ({ caller, params }, { services }) => ({ status: 200, body: await services.artifactRuns.get(caller, params.artifact, params.run) }),
  }),
  route({
    method: 'get', path: `${path}/{run}/output`, id: 'getArtifactRunOutput', summary: 'Download an output stream of a run',
    access: see, params: RunParams, query: RunOutputQuery, answers: { 200: bytes },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, headers: { 'content-type': 'application/octet-stream' }, body: await services.artifactRuns.output(caller, params.artifact, params.run, query.stream) }),
  }),
  route({
    method: 'get', path: `${path}/{run}/content`, id: 'getArtifactRunFile', summary: 'Download a result file of a run',
    access: see, params: RunParams, query: RunFileQuery, answers: { 200: bytes },
    handle: async ({ caller, params, query }, { services }) => ({ status: 200, headers: { 'content-type': 'application/octet-stream' }, body: await services.artifactRuns.file(caller, params.artifact, params.run, query.path) }),
  }),
];
