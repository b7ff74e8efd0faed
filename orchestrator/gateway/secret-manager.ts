// Secrets for the API: who may set which, sealing, and grants. The gateway opens them.
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import { isAdmin, type Caller } from '../keys/caller.ts';
import { seal, unseal } from '../memory/crypto/seal.ts';
import type { OpenRequests } from './open-requests.ts';
import type { Secret, SecretProvider, SecretService, SetSecret } from './secret.ts';
import type { SecretRow, SqliteSecrets } from './sqlite-secrets.ts';

export interface SecretManagerDeps {
  secrets: SqliteSecrets;
  environments: Pick<EnvironmentService, 'get'>;
  open: OpenRequests;
  events: Pick<SqliteEventLog, 'append'>;
  /** Derived from the host key. */
  key: Buffer;
  now: () => Date;
}

const providers: Readonly<Record<Exclude<SecretProvider, 'generic'>, { baseUrl: string; header: string }>> = {
  anthropic: { baseUrl: 'https://api.anthropic.com', header: 'X-Api-Key' },
  openai: { baseUrl: 'https://api.openai.com', header: 'Authorization: Bearer' },
};

export class SecretManager implements SecretService {
  readonly #deps: SecretManagerDeps;

  constructor(deps: SecretManagerDeps) {
    this.#deps = deps;
  }

  async set(caller: Caller, name: string, request: SetSecret): Promise<Secret> {
    const { secrets, open, key, now } = this.#deps;
    const { value, baseUrl: givenUrl, header: givenHeader, ...rest } = request;
    if ((givenUrl !== undefined || request.allowPrivate) && !isAdmin(caller)) {
      throw new SomnusError('forbidden', 'Only admins can choose the address that a secret is sent to', { hint: 'Omit --base-url and --allow-private, or ask an admin.' });
    }
    const defaults = request.provider === 'generic' ? undefined : providers[request.provider];
    const baseUrl = givenUrl ?? defaults?.baseUrl;
    const header = givenHeader ?? defaults?.header;
    if (baseUrl === undefined || header === undefined) throw new SomnusError('invalid_request', `The provider generic requires a ${baseUrl === undefined ? 'base URL' : 'header'}`, { hint: 'Use --base-url URL and --header NAME.' });
    const id = secrets.find(caller.user, name)?.id ?? newId('sec');
    const settings = { ...rest, name, owner: caller.user, baseUrl: checkedUrl(baseUrl, request.allowPrivate), header, setAt: now().toISOString() };
    secrets.put({ id, settings, sealed: seal(key, Buffer.from(value), sealContext(id)) });
    open.end(id);
    this.#report('secret.set', caller, name);
    return this.#show(caller, name);
  }

  async list(caller: Caller): Promise<Secret[]> {
    return this.#deps.secrets.list(caller.user).map((row) => this.#shown(row));
  }

  async remove(caller: Caller, name: string): Promise<void> {
    const { id } = this.#find(caller, name);
    this.#deps.secrets.delete(id);
    this.#deps.open.end(id);
    this.#report('secret.removed', caller, name);
  }

  async grant(caller: Caller, name: string, ref: string): Promise<Secret> {
    const { secrets, environments } = this.#deps;
    const row = this.#find(caller, name);
    const environment = await environments.get(caller, ref);
    const other = secrets.granted(environment.id, name);
    if (other !== undefined && other.id !== row.id) throw new SomnusError('name_taken', `${environment.name} may already use a secret of another user with the name ${name}`, { hint: 'Set the secret under another name.' });
    secrets.grant(row.id, environment.id);
    this.#report('secret.granted', caller, name, environment);
    return this.#show(caller, name);
  }

  async revoke(caller: Caller, name: string, ref: string): Promise<Secret> {
    const { secrets, environments, open } = this.#deps;
    const row = this.#find(caller, name);
    const environment = await environments.get(caller, ref);
    secrets.revoke(row.id, environment.id);
    open.end(row.id, environment.id);
    this.#report('secret.revoked', caller, name, environment);
    return this.#show(caller, name);
  }

  /** The key itself. @throws corrupt when it was sealed with another host key */
  reveal({ id, sealed, settings }: SecretRow): string {
    try {
      return unseal(this.#deps.key, sealed, sealContext(id)).toString();
    } catch (cause) {
      throw new SomnusError('corrupt', `The secret ${settings.name} cannot be opened with this host key`, { hint: `Set it again: \`somnus secret set ${settings.name}\`.`, cause });
    }
  }

  #find(caller: Caller, name: string): SecretRow {
    const row = this.#deps.secrets.find(caller.user, name);
    if (row === undefined) throw new SomnusError('not_found', `There is no secret ${JSON.stringify(name)}`, { hint: 'See `somnus secret ls`.' });
    return row;
  }

  #show(caller: Caller, name: string): Secret {
    return this.#shown(this.#find(caller, name));
  }

  #shown({ id, settings, usage }: SecretRow): Secret {
    return { ...settings, usage, environments: this.#deps.secrets.environments(id) };
  }

  #report(type: string, caller: Caller, name: string, environment?: { id: string; name: string }): void {
    this.#deps.events.append({ type, owner: caller.user, subject: environment === undefined ? null : { type: 'environment', id: environment.id, name: environment.name }, actor: caller.keyId, data: { secret: name } });
  }
}

function sealContext(id: string): string {
  return `secret ${id}`;
}

/** @throws invalid_request */
function checkedUrl(text: string, allowPrivate: boolean): string {
  const url = new URL(text);
  const refused = (message: string, hint: string): SomnusError => new SomnusError('invalid_request', `Invalid base URL: ${message}`, { hint });
  if (url.protocol !== 'https:' && !allowPrivate) throw refused('it must be https, because the key is sent there', 'For a service on this host or in a private network, an admin can use --allow-private.');
  if (url.username !== '' || url.password !== '') throw refused('it must not contain a user name or password', 'The key is the only credential.');
  if (url.search !== '' || url.hash !== '') throw refused('it must not contain a query or a fragment', 'Programs in VMs append them.');
  return url.href.replace(/\/$/, '');
}
