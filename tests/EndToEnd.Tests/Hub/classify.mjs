import { readFileSync } from 'node:fs';
import { env, pipeline } from '@huggingface/transformers';

// node classify.mjs MODEL TEXTS.json DTYPE...: the scores of every text by each file of a hub layout, as JSON.
const [folder, file, ...types] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = '';
const texts = JSON.parse(readFileSync(file, 'utf8'));
const answers = {};
for (const dtype of types) {
  const classify = await pipeline('text-classification', folder, { dtype, device: 'cpu' });
  answers[dtype] = await classify(texts, { top_k: null });
  await classify.dispose();
}
console.log(JSON.stringify(answers));
