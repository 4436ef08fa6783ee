namespace LoraOnnx.Serving.Protocols.Grpc;

/// <summary>lora_onnx.v1 over gRPC.</summary>
internal sealed class GrpcProtocol : IProtocol
{
    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<SentimentService>();
        services.AddSingleton<AdminService>();
    }

    public void Map(WebApplication application)
    {
        application.MapGrpcService<SentimentService>();
        application.MapGrpcService<AdminService>();
    }
}
