// Run by set-up: installs the embedding model where the control plane looks for it. On failure exits with 1 and prints one line; memory then searches by
// words, names and dates.
//   node common/embedding/fetch-model.ts [FOLDER]    (default: the configured folder)
import { claimFolder, dataFolder } from '../claimed-folder.ts';
import { loadConfig, processSettings } from '../config.ts';
import { SomnusError, toSomnusError } from '../errors.ts';
import { dataPaths } from '../paths.ts';
import { fetchModel, missingModelFiles, modelSources } from './model-files.ts';

try {
  const { dataDir, models } = loadConfig(processSettings().configFile);
  const folder = process.argv[2];
  if (folder === undefined && models.embeddingDir !== undefined) {
    const missing = await missingModelFiles(models.embeddingDir);
    if (missing.length > 0) throw new SomnusError('config_invalid', `${models.embeddingDir} (models.embeddingDir) does not contain ${missing.join(' and ')}`);
  } else {
    if (folder === undefined) claimFolder(dataDir, dataFolder); // at the first set-up it contains nothing else yet
    await fetchModel(folder ?? dataPaths(dataDir).embeddingDir, modelSources(models.embeddingUrl));
  }
} catch (error) {
  process.stderr.write(`${toSomnusError(error).message}\n`);
  process.exitCode = 1;
}
