"""A client of another language: Python's grpcio against lora-serve, with messages made from the upstream protos.

usage: client.py HOST:PORT DESCRIPTORS    DESCRIPTORS: a google.protobuf.FileDescriptorSet of tei.proto, grpc_service.proto and lora_onnx/v1
Prints "ok" and ends with 0, or a traceback and 1.
"""
import struct
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

try:  # protobuf 4.22 and later
    from google.protobuf.message_factory import GetMessageClass
except ImportError:
    from google.protobuf.message_factory import MessageFactory

    def GetMessageClass(descriptor):
        return MessageFactory().GetPrototype(descriptor)

address, descriptors = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
with open(descriptors, "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)


def message(name):
    return GetMessageClass(pool.FindMessageTypeByName(name))


def method(channel, service, name):
    described = pool.FindServiceByName(service).FindMethodByName(name)
    streams = service.endswith("Stream") or name.endswith("Stream")
    make = channel.stream_stream if streams else channel.unary_unary
    return make(f"/{service}/{name}",
                request_serializer=lambda request: request.SerializeToString(),
                response_deserializer=GetMessageClass(described.output_type).FromString)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def texts_tensor(texts):
    return b"".join(struct.pack("<I", len(text)) + text for text in (text.encode() for text in texts))


good, bad = "A wonderful film, I loved every minute.", "A terrible film, I hated every minute."
with grpc.insecure_channel(address) as channel:
    # lora_onnx.v1
    predict = method(channel, "lora_onnx.v1.Sentiment", "Predict")
    request = message("lora_onnx.v1.PredictRequest")
    ours = predict(request(text=good, include_logits=True), timeout=30)
    check(ours.label == "POSITIVE" and len(ours.logits) == 2, ours)
    try:
        predict(request(text=good, model="none"), timeout=30)
        raise AssertionError("an unknown model was answered")
    except grpc.RpcError as error:
        check(error.code() == grpc.StatusCode.NOT_FOUND, error)
    stream = method(channel, "lora_onnx.v1.Sentiment", "PredictStream")
    item = message("lora_onnx.v1.PredictStreamRequest")
    answers = list(stream(iter([item(id=str(i), request=request(text=[good, bad][i % 2])) for i in range(50)]), timeout=60))
    check([answer.id for answer in answers] == [str(i) for i in range(50)], "order")
    check([answer.result.prediction.label for answer in answers] == ["POSITIVE", "NEGATIVE"] * 25, "labels")

    # tei.v1
    tei = message("tei.v1.PredictRequest")
    answer = method(channel, "tei.v1.Predict", "Predict")(tei(inputs=bad), timeout=30)
    check([prediction.label for prediction in answer.predictions] == ["NEGATIVE", "POSITIVE"], answer)
    answers = list(method(channel, "tei.v1.Predict", "PredictStream")(iter([tei(inputs=good), tei(inputs=bad)]), timeout=30))
    check([answer.predictions[0].label for answer in answers] == ["POSITIVE", "NEGATIVE"], answers)
    info = method(channel, "tei.v1.Info", "Info")(message("tei.v1.InfoRequest")(), timeout=30)
    check(info.model_id == "sentiment" and info.max_input_length == 512, info)
    encoded = method(channel, "tei.v1.Tokenize", "Tokenize")(message("tei.v1.EncodeRequest")(inputs=good, add_special_tokens=True), timeout=30)
    check(encoded.tokens[0].text == "[CLS]" and encoded.tokens[1].text == "A", encoded)

    # KServe v2, in the form that tritonclient sends: raw tensors
    service = "inference.GRPCInferenceService"
    check(method(channel, service, "ServerReady")(message("inference.ServerReadyRequest")(), timeout=30).ready, "ready")
    metadata = method(channel, service, "ModelMetadata")(message("inference.ModelMetadataRequest")(name="sentiment"), timeout=30)
    check({tensor.name for tensor in metadata.inputs} == {"TEXT", "input_ids", "attention_mask"}, metadata)
    infer = method(channel, service, "ModelInfer")
    infer_request = message("inference.ModelInferRequest")
    by_text = infer_request(model_name="sentiment", raw_input_contents=[texts_tensor([good, bad])])
    by_text.inputs.add(name="TEXT", datatype="BYTES", shape=[2, 1])
    for name in ("label", "logits"):
        by_text.outputs.add(name=name)
    answer = infer(by_text, timeout=30)
    check(answer.raw_output_contents[0] == texts_tensor(["POSITIVE", "NEGATIVE"]), answer)
    ids = [token.id for token in encoded.tokens]
    by_ids = infer_request(model_name="sentiment", raw_input_contents=[struct.pack(f"<{len(ids) + 2}q", *ids, 0, 0), struct.pack(f"<{len(ids) + 2}q", *[1] * len(ids), 0, 0)])
    for name in ("input_ids", "attention_mask"):
        by_ids.inputs.add(name=name, datatype="INT64", shape=[1, len(ids) + 2])
    by_ids.outputs.add(name="logits")
    logits = struct.unpack("<2f", infer(by_ids, timeout=30).raw_output_contents[0])
    check(list(logits) == list(ours.logits), (logits, ours.logits))
    statistics = method(channel, service, "ModelStatistics")(message("inference.ModelStatisticsRequest")(name="sentiment"), timeout=30)
    check(statistics.model_stats[0].inference_count > 50, statistics)
print("ok")
