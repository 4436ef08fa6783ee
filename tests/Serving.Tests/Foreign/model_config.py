"""python3 model_config.py CONFIG.pbtxt DESCRIPTORS: Triton's model configuration, read as Triton reads it, as JSON."""
import sys
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, text_format

pool = descriptor_pool.DescriptorPool()
with open(sys.argv[2], "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)
kind = pool.FindMessageTypeByName("inference.ModelConfig")
make = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
with open(sys.argv[1]) as file:
    print(json_format.MessageToJson(text_format.Parse(file.read(), make(kind)())))
