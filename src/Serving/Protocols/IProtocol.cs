namespace LoraOnnx.Serving.Protocols;

/// <summary>
/// A language that the server speaks: its services and its endpoints. A new one is a folder and a line in <see cref="ServingSetup"/>.
/// </summary>
internal interface IProtocol
{
    void AddServices(IServiceCollection services);

    void Map(WebApplication application);
}
