using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Graph;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Texts;
using LoraOnnx.V1;
using Kept = LoraOnnx.Model.Tokenization.Truncation;

namespace LoraOnnx.Evaluation.Models;

/// <summary>A model behind a lora-serve, asked over gRPC: <c>http://host:port/model</c>. The server tokenizes and cuts by itself.</summary>
internal sealed class ServerModel : IScoredModel
{
    private readonly SentimentClient _client;
    private readonly PredictOptions _predict;
    private readonly ModelSummary _summary;

    private ServerModel(string name, string path, SentimentClient client, ModelSummary summary, PredictOptions predict)
    {
        Name = name;
        _client = client;
        _predict = predict;
        _summary = summary;
        Card = new ModelCard
        {
            Path = path,
            Kind = "server",
            Hashes = new Dictionary<string, string> { ["onnx"] = summary.Sha256 },
            Bytes = (long)summary.SizeBytes,
            MaxTokens = (int)summary.MaxTokens,
            Precision = summary.Precision.Length > 0 ? summary.Precision : Note(OnnxMetadata.Precision),
            Truncate = predict.Truncation == V1.Truncation.Unspecified
                ? Note(OnnxMetadata.Truncate) ?? EnumNames.Of(Kept.Head)
                : EnumNames.Of(ToKept(predict.Truncation)),
            Method = Note(OnnxMetadata.Method),
            Rank = Note(OnnxMetadata.Rank),
        };
    }

    public string Name { get; }

    public ModelCard Card { get; }

    public ClassificationTask Task => new(_summary.Labels, _summary.MultiLabel ? ProblemType.MultiLabel : ProblemType.SingleLabel);

    /// <summary>The server's own: a threshold of 0.5 is the most likely class.</summary>
    public Calibration Calibration => new()
    {
        Temperature = _summary.Temperature,
        Threshold = _summary.Threshold == 0.5 ? null : _summary.Threshold,
        Thresholds = _summary.Thresholds.Count > 0 ? _summary.Thresholds : null,
    };

    /// <exception cref="InputException">Nobody answers, or the server has no such model.</exception>
    public static async Task<ServerModel> ConnectAsync(ModelArgument argument, CompareOptions options, CancellationToken cancellationToken)
    {
        if (options.MaxLength is not null)
        {
            throw new InputException($"{argument.Path}: a server cuts texts at its model's own limit.",
                "leave --max-length out, or compare the model's file.");
        }

        var address = new Uri(argument.Path);
        var client = new SentimentClient(
            address.GetLeftPart(UriPartial.Authority), new SentimentClientOptions { Timeout = TimeSpan.FromMinutes(2), ApiKey = options.ApiKey });
        try
        {
            var summary =
                Find(argument.Path, Uri.UnescapeDataString(address.AbsolutePath.Trim('/')), await client.ListModelsAsync(cancellationToken));
            var truncation = options.Truncate is { } kept ? FromKept(kept) : V1.Truncation.Unspecified;
            return new ServerModel(argument.Name, argument.Path, client, summary,
                new PredictOptions { Model = summary.Name, ModelVersion = summary.Version, Truncation = truncation, IncludeLogits = true });
        }
        catch (Exception failure)
        {
            client.Dispose();
            if (failure is RpcException refused && !cancellationToken.IsCancellationRequested)
            {
                throw Failed(argument.Path, refused);
            }

            throw;
        }
    }

    /// <summary>Nothing: the server tokenizes, so its speed includes that, and the network.</summary>
    public void Prepare(TextWindow window)
    {
    }

    public async Task<IReadOnlyList<TextScore>> ScoreAsync(TextWindow window, CancellationToken cancellationToken)
    {
        var scores = new List<TextScore>(window.Texts.Count);
        try
        {
            await foreach (var result in _client.PredictAllAsync(
                window.Texts.Select(text => text.Text).ToAsyncEnumerable(), _predict, cancellationToken))
            {
                if (result.Error is { } error)
                {
                    throw new InputException($"{Card.Path}: the server refused a text: {error.Message}",
                        "score the model's file instead, or start the server with other limits.");
                }

                var answer = result.Prediction;
                scores.Add(new TextScore([.. answer.Logits], (int)answer.Tokens, answer.Truncated));
            }
        }
        catch (RpcException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(Card.Path, failure);
        }

        return scores.Count == window.Texts.Count ? scores
            : throw new InputException($"{Card.Path}: the server answered {scores.Count} of {window.Texts.Count} texts and closed the stream.");
    }

    /// <summary>By the server, which decides for itself how many steps it makes.</summary>
    public async Task<ExplainedAnswer> ExplainAsync(LabelledText text, int label, long mostTokens, CancellationToken cancellationToken)
    {
        try
        {
            var found = await _client.ExplainAsync(text.Text, Task.Labels[label], _predict, cancellationToken);
            return new ExplainedAnswer
            {
                Label = found.Label,
                Logit = found.Logit,
                BaselineLogit = found.BaselineLogit,
                Steps = (int)found.Steps,
                Gap = found.Gap,
                Warning = found.Warning.Length > 0 ? found.Warning : null,
                Cost = 0,
                Words = [.. found.Words.Select(word => new ExplainedWord(word.Text, (int)word.Start, (int)word.End, word.Value))],
            };
        }
        catch (RpcException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(Card.Path, failure);
        }
    }

    public void Dispose() => _client.Dispose();

    private static ModelSummary Find(string path, string name, IReadOnlyList<ModelSummary> models) =>
        models.FirstOrDefault(candidate => name.Length == 0 ? candidate.IsDefault : candidate.Name == name)
        ?? throw new InputException(
            $"{path}: the server has no model '{name}'; it has {string.Join(", ", models.Select(candidate => candidate.Name))}.",
            "the address is http://HOST:PORT/MODEL.");

    private string? Note(string key) => _summary.Metadata.TryGetValue(key, out var value) ? value : null;

    private static V1.Truncation FromKept(Kept kept) => kept switch
    {
        Kept.Tail => V1.Truncation.Tail,
        Kept.HeadAndTail => V1.Truncation.HeadAndTail,
        _ => V1.Truncation.Head,
    };

    private static Kept ToKept(V1.Truncation truncation) => truncation switch
    {
        V1.Truncation.Tail => Kept.Tail,
        V1.Truncation.HeadAndTail => Kept.HeadAndTail,
        _ => Kept.Head,
    };

    private static InputException Failed(string path, RpcException failure)
    {
        var fault = CallFault.Of(failure, "start it with lora-serve and give its gRPC address.");
        return new InputException($"{path}: {fault.What}", fault.WayOut, failure);
    }
}
