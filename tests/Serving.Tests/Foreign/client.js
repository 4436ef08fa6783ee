'use strict';

// A client of another language: grpc-js against lora-serve, with messages that proto-loader makes of the upstream protos.
//
// usage: node client.js HOST:PORT PROTOS    PROTOS: the folder of tei/v1/tei.proto, triton/grpc_service.proto and lora_onnx/v1
// Prints "ok" and ends with 0, or an error and 1.

const assert = require('node:assert/strict');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, protos] = process.argv.slice(2);
const files = ['lora_onnx/v1/sentiment.proto', 'tei/v1/tei.proto', 'triton/grpc_service.proto'];
const services = grpc.loadPackageDefinition(loader.loadSync(
  files, { includeDirs: [protos, path.join(protos, 'triton')], keepCase: true, longs: Number }));
const connect = Service => new Service(address, grpc.credentials.createInsecure());
const call = (client, method, request, milliseconds = 30_000) => new Promise((resolve, reject) =>
  client[method](request, { deadline: Date.now() + milliseconds }, (error, answer) => error ? reject(error) : resolve(answer)));

async function main() {
  const good = 'A wonderful film, I loved every minute.';
  const bad = 'A terrible film, I hated every minute.';

  const sentiment = connect(services.lora_onnx.v1.Sentiment);
  const ours = await call(sentiment, 'Predict', { text: good, include_logits: true });
  assert.equal(ours.label, 'POSITIVE');
  await assert.rejects(call(sentiment, 'Predict', { text: good, model: 'none' }), { code: grpc.status.NOT_FOUND });
  await assert.rejects(call(sentiment, 'Predict', { text: `${good} hurry` }, 0), { code: grpc.status.DEADLINE_EXCEEDED });
  const stream = sentiment.PredictStream();
  const answers = [];
  const ended = new Promise((resolve, reject) => stream.on('data', answer => answers.push(answer)).on('end', resolve).on('error', reject));
  for (let number = 0; number < 50; number++) {
    stream.write({ id: String(number), request: { text: number % 2 === 0 ? good : bad } });
  }
  stream.end();
  await ended;
  assert.deepEqual(answers.map(answer => Number(answer.id)), [...Array(50).keys()]);
  assert.ok(answers.every((answer, number) => answer.result.prediction.label === (number % 2 === 0 ? 'POSITIVE' : 'NEGATIVE')));

  const tei = await call(connect(services.tei.v1.Predict), 'Predict', { inputs: bad });
  assert.deepEqual(tei.predictions.map(prediction => prediction.label), ['NEGATIVE', 'POSITIVE']);

  const kserve = connect(services.inference.GRPCInferenceService);
  assert.equal((await call(kserve, 'ServerReady', {})).ready, true);
  const inferred = await call(kserve, 'ModelInfer', {
    model_name: 'sentiment',
    inputs: [{ name: 'TEXT', datatype: 'BYTES', shape: [2, 1], contents: { bytes_contents: [Buffer.from(good), Buffer.from(bad)] } }],
    outputs: [{ name: 'logits' }],
  });
  assert.deepEqual(inferred.outputs[0].contents.fp32_contents.slice(0, 2), ours.logits);
}

main().then(() => {
  console.log('ok');
  process.exit(0);
}, error => {
  console.error(error);
  process.exit(1);
});
