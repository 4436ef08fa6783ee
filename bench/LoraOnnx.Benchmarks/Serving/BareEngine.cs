using System.Diagnostics;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>The engine without a server: the threads of the server's plan, texts one after the other.</summary>
internal sealed class BareEngine(string model) : IDisposable
{
    private readonly TextClassifier _classifier =
        TextClassifier.Load(model, new InferenceOptions { Device = ComputeDevice.Cpu, Threads = Math.Min(Environment.ProcessorCount, 4) });

    /// <summary>Tokens a second over texts in the order of their arrival, batched to a budget of tokens; tokenising included.</summary>
    public double TokensPerSecond(int batchTokens, TimeSpan duration, Func<string> nextText)
    {
        var started = Stopwatch.GetTimestamp();
        var tokens = 0L;
        var batch = new List<EncodedText>();
        var inBatch = 0;
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            var text = _classifier.Encode(nextText());
            if (inBatch + text.Ids.Length > batchTokens && batch.Count > 0)
            {
                _classifier.Run(batch, CancellationToken.None);
                tokens += inBatch;
                batch.Clear();
                inBatch = 0;
            }

            batch.Add(text);
            inBatch += text.Ids.Length;
        }

        return tokens / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Milliseconds for one text, tokenising included.</summary>
    public double Milliseconds(string text)
    {
        var started = Stopwatch.GetTimestamp();
        _classifier.Run([_classifier.Encode(text)], CancellationToken.None);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    public void Dispose() => _classifier.Dispose();
}
