using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.Model;
using LoraOnnx.V1;

namespace LoraOnnx.Scoring.Models;

/// <summary>A model behind a lora-serve, asked over gRPC: <c>http://host:port/model</c>. The server tokenizes, cuts, calibrates.</summary>
internal sealed class ServerScorer : IScorer
{
    private readonly string _path;
    private readonly SentimentClient _client;
    private readonly PredictOptions _predict;

    private ServerScorer(string path, SentimentClient client, ModelSummary summary)
    {
        (_path, _client) = (path, client);
        _predict = new PredictOptions { Model = summary.Name, ModelVersion = summary.Version };
        Task = new([.. summary.Labels], summary.MultiLabel ? ProblemType.MultiLabel : ProblemType.SingleLabel);
        var settings = FormattableString.Invariant(
            $"{summary.MaxTokens} {summary.Temperature:R} {summary.Threshold:R} {summary.Thresholds} {string.Join('\n', summary.Labels)}");
        Identity = new ScorerIdentity(summary.Sha256, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(settings))), summary.Precision,
            "a server's");
    }

    public ClassificationTask Task { get; }

    public ScorerIdentity Identity { get; }

    /// <exception cref="InputException">Nobody answers, or the server has no such model.</exception>
    public static async Task<ServerScorer> ConnectAsync(ScoreOptions options, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(options.Model, UriKind.Absolute, out var address))
        {
            throw new InputException($"--model {options.Model} is no address of a server.", "it is http://HOST:PORT/MODEL.");
        }

        var client = new SentimentClient(address.GetLeftPart(UriPartial.Authority),
            new SentimentClientOptions { Timeout = TimeSpan.FromMinutes(2), ApiKey = options.ApiKey });
        try
        {
            var models = await client.ListModelsAsync(cancellationToken);
            var name = Uri.UnescapeDataString(address.AbsolutePath.Trim('/'));
            var summary = models.FirstOrDefault(candidate => name.Length == 0 ? candidate.IsDefault : candidate.Name == name)
                ?? throw new InputException(
                    $"{options.Model}: the server has no model '{name}'; it has {string.Join(", ", models.Select(candidate => candidate.Name))}.",
                    "the address is http://HOST:PORT/MODEL.");
            return new ServerScorer(options.Model, client, summary);
        }
        catch (Exception failure)
        {
            client.Dispose();
            throw failure is RpcException refused && !cancellationToken.IsCancellationRequested ? Failed(options.Model, refused) : failure;
        }
    }

    public async Task<IReadOnlyList<ScoredText>> ScoreAsync(
        IReadOnlyList<string?> texts, Action<double> progress, CancellationToken cancellationToken)
    {
        int[] read = [.. Enumerable.Range(0, texts.Count).Where(row => texts[row] is not null)];
        var (done, scored) = (0, new ScoredText[texts.Count]);
        try
        {
            var sent = read.Select(row => texts[row]!).ToAsyncEnumerable(); // chosen so
            await foreach (var result in _client.PredictAllAsync(sent, _predict, cancellationToken))
            {
                scored[read[done++]] = result.Error is { } error ? new ScoredText(null, error.Message)
                    : new ScoredText(VerdictOn(result.Prediction), null);
                progress((double)done / read.Length);
            }
        }
        catch (RpcException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(_path, failure);
        }

        return done == read.Length ? scored
            : throw new InputException($"{_path}: the server answered {done} of {read.Length} texts and closed the stream.");
    }

    public void Dispose() => _client.Dispose();

    private Verdict VerdictOn(PredictResponse answer)
    {
        double[] scores = [.. answer.Scores.Select(score => (double)score.Score)];
        var labels = Task.Labels.ToList();
        return new Verdict(labels.IndexOf(answer.Label), scores, [.. answer.Labels.Select(label => labels.IndexOf(label))], answer.Truncated);
    }

    private static InputException Failed(string path, RpcException failure)
    {
        var fault = CallFault.Of(failure, "start it with lora-serve and give its gRPC address; the same command then goes on where it stopped.");
        return new InputException($"{path}: {fault.What}", fault.WayOut, failure);
    }
}
