// Classifies texts with a model that lora-merge wrote, in this process, or asks a running lora-serve:
//
//   dotnet run classify.cs -- onnx/lora "A slow start, but the last act is wonderful."
//   dotnet run classify.cs -- 127.0.0.1:50051 "A slow start, but the last act is wonderful."
//
// dotnet publish classify.cs compiles it ahead of time: one native program beside ONNX Runtime's library, which needs no .NET. Until the packages
// are on your feed, dotnet pack makes them, and -p:RestoreAdditionalProjectSources=ABSOLUTE/artifacts/package/release finds them.
#:package LoraOnnx.Cpu@0.1.0
#:package LoraOnnx.Client@0.1.0
#:property InvariantGlobalization=true
using System.Diagnostics;
using LoraOnnx;
using LoraOnnx.Client;
using LoraOnnx.Files;

if (args is not [var model, .. { Length: > 0 } texts])
{
    Console.Error.WriteLine("usage: classify DIRECTORY|HOST:PORT TEXT...");
    return 1;
}

try
{
    using var inProcess = Path.Exists(model) ? TextClassifier.Load(model) : null;
    using var client = inProcess is null ? new SentimentClient(model) : null;
    ITextClassifier classifier = inProcess is null ? new TextClassifierClient(client!, PredictOptions.Default) : inProcess;
    foreach (var text in texts)
    {
        var answer = await classifier.ClassifyAsync(text);
        Console.WriteLine($"{answer.Label} {answer.Score:p1}, {answer.Tokens} tokens");
    }

    Console.Error.WriteLine($"{(DateTime.Now - Process.GetCurrentProcess().StartTime).TotalMilliseconds:f0} ms since the process began");
    return 0;
}
catch (Exception failure) when (failure is InputException or TextClassificationException or ArgumentException)
{
    Console.Error.WriteLine($"error: {failure.Message}");
    return 1;
}
