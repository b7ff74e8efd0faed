// Set-up's program: puts the embedding model where the control plane looks for it. Ends with 1 and one line when that did not work: memory then finds by
// words, names and dates.
import { loadConfig, processSettings } from '../../../common/config.ts';
import { SomnusError, toSomnusError } from '../../../common/errors.ts';
import { dataPaths } from '../../../common/paths.ts';
import { fetchModel, missingModelFiles } from './model-files.ts';

const { dataDir, models } = loadConfig(processSettings().configFile);
try {
  const missing = models.embeddingDir === undefined ? [] : await missingModelFiles(models.embeddingDir);
  if (missing.length > 0) throw new SomnusError('config_invalid', `${models.embeddingDir} (models.embeddingDir) lacks ${missing.join(' and ')}`);
  if (models.embeddingDir === undefined) await fetchModel(dataPaths(dataDir).embeddingDir, models.embeddingUrl);
} catch (error) {
  process.stderr.write(`${toSomnusError(error).message}\n`);
  process.exitCode = 1;
}
