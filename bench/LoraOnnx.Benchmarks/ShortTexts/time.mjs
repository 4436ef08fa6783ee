import { createInterface } from 'node:readline';
import { env, pipeline } from '@huggingface/transformers';

// node time.mjs MODEL: for every line of standard input, an array of texts, the milliseconds that their classification takes.
env.allowRemoteModels = false;
env.localModelPath = '';
const classify = await pipeline('text-classification', process.argv[2], { dtype: 'fp32', device: 'cpu' });
for await (const line of createInterface({ input: process.stdin })) {
  const texts = JSON.parse(line);
  const started = performance.now();
  await classify(texts);
  console.log(performance.now() - started);
}
