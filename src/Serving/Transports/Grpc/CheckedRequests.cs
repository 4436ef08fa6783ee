using System.Collections.Frozen;
using Grpc.Health.V1;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Calls;
using LoraOnnx.V1;
using Microsoft.AspNetCore.Http.Features;
using TextEmbeddingsInference;
using TritonInference;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>Opens a ledger for every request, and has the messages of gRPC requests checked before objects are made of them.</summary>
internal sealed class CheckedRequests(RequestDelegate next, RequestMemory memory, ServingOptions options)
{
    /// <summary>What the objects of one text may take, beside twice its bytes: 512 token ids and their mask.</summary>
    private const long BytesOfText = 16 << 10;

    private const long FewestFreeBytes = 16 << 20;

    /// <summary>Path of a method to the shape of its requests.</summary>
    private static readonly FrozenDictionary<string, MessageShape> _shapes =
        new[]
        {
            SentimentReflection.Descriptor, AdminReflection.Descriptor, TeiReflection.Descriptor, GrpcServiceReflection.Descriptor,
                HealthReflection.Descriptor,
            global::Grpc.Reflection.V1.ReflectionReflection.Descriptor, global::Grpc.Reflection.V1Alpha.ReflectionReflection.Descriptor,
        }
            .SelectMany(file => file.Services)
            .SelectMany(service => service.Methods
                .Select(method => KeyValuePair.Create($"/{service.FullName}/{method.Name}", MessageShape.Of(method.InputType))))
            .ToFrozenDictionary(StringComparer.Ordinal);

    private readonly int _maxBytes = options.MaxMessageMebibytes << 20;
    private readonly long _freeBytes = Math.Max(FewestFreeBytes, options.MaxBatchTexts * BytesOfText);

    public async Task InvokeAsync(HttpContext context)
    {
        using var ledger = new RequestLedger(memory);
        context.Features.Set(ledger);
        if (EarlyAnswer.IsGrpc(context))
        {
            if (_shapes.TryGetValue(context.Request.Path.Value ?? "", out var shape))
            {
                var encoding = context.Request.Headers["grpc-encoding"].ToString();
                var messages = new IncomingMessages(context.Request.BodyReader, shape, encoding, _maxBytes, _freeBytes, ledger);
                context.Features.Set<IRequestBodyPipeFeature>(messages);
                context.Features.Set(messages);
            }
            else if (context.GetEndpoint() is null)
            {
                await EarlyAnswer.WriteAsync(context, new CallError(ErrorKind.Unimplemented, "there is no such service or method."));
                return;
            }
        }

        await next(context);
    }
}
