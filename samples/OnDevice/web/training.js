'use strict';

const MAX_TOKENS = 128;
const BATCH_TEXTS = 8;
const runtime = 'node_modules/onnxruntime-web/dist/';

// Nothing is sent: what is fetched are the model's files, and reviews are read from the file that was chosen.
async function fetched(name) {
  const answer = await fetch(name);
  if (!answer.ok) {
    throw new Error(`${name}: ${answer.status}`);
  }

  return answer;
}

const bytes = async name => new Uint8Array(await (await fetched(name)).arrayBuffer());

async function openModel() {
  ort.env.wasm.wasmPaths = runtime;
  ort.env.wasm.numThreads = 1;
  const config = await (await fetched('artifacts/config.json')).json();
  return {
    labels: config.id2label ?? { 0: '0', 1: '1' },
    tokenizer: new WordPiece(await (await fetched('artifacts/vocab.txt')).text()),
    session: await ort.TrainingSession.create({
      checkpointState: await bytes('artifacts/checkpoint'),
      trainModel: await bytes('artifacts/training_model.onnx'),
      evalModel: await bytes('artifacts/eval_model.onnx'),
      optimizerModel: await bytes('artifacts/optimizer_model.onnx'),
    }, { executionProviders: ['wasm'] }),
  };
}

// Lines {"text": ..., "label": a class's number or name}.
function reviewsOf(lines, model) {
  const names = Object.entries(model.labels).map(([id, name]) => [String(name).toLowerCase(), Number(id)]);
  return lines.split('\n').filter(line => line.trim()).map((line, index) => {
    const { text, label } = JSON.parse(line);
    const known = names.find(([name, id]) => id === label || name === String(label).toLowerCase());
    if (typeof text !== 'string' || !known) {
      throw new Error(`line ${index + 1}: expected a text, and as label one of ${names.map(([name]) => name).join(', ')}`);
    }

    return { ids: model.tokenizer.encode(text, MAX_TOKENS), label: known[1] };
  });
}

function* batchesOf(reviews) {
  for (let start = 0; start < reviews.length; start += BATCH_TEXTS) {
    yield reviews.slice(start, start + BATCH_TEXTS);
  }
}

function inputsOf(batch) {
  const width = Math.max(...batch.map(review => review.ids.length));
  const integers = (rows, shape) => new ort.Tensor('int64', BigInt64Array.from(rows.flat().map(BigInt)), shape);
  const padded = (row, fill) => [...row, ...Array(width - row.length).fill(fill)];
  return {
    input_ids: integers(batch.map(review => padded(review.ids, 0)), [batch.length, width]),
    attention_mask: integers(batch.map(review => padded(review.ids.map(() => 1), 0)), [batch.length, width]),
    labels: integers(batch.map(review => review.label), [batch.length]),
  };
}

// The mean loss of each epoch, at the runtime's own learning rate of 0.001.
async function train(model, reviews, epochs, tell) {
  const losses = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let sum = 0;
    for (const batch of batchesOf(reviews)) {
      const results = await model.session.runTrainStep(inputsOf(batch));
      sum += results[model.session.trainingOutputNames[0]].data[0] * batch.length;
      await model.session.runOptimizerStep();
      await model.session.lazyResetGrad();
    }

    losses.push(sum / reviews.length);
    tell(`epoch ${epoch} of ${epochs}: loss ${losses.at(-1).toFixed(4)}`);
  }

  return losses;
}
