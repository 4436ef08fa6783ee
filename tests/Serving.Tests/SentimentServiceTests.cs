using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Tests;

public sealed class SentimentServiceTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Good = "A wonderful film. The cast is brilliant and I loved every minute of it.";
    private const string Bad = "A terrible film. The script is awful and I hated every minute of it.";

    private readonly Sentiment.SentimentClient _client = new(server.Channel);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Good, "POSITIVE")]
    [InlineData(Bad, "NEGATIVE")]
    public async Task A_review_gets_its_label_and_scores_that_sum_to_1(string text, string label)
    {
        var answer = await _client.PredictAsync(new PredictRequest { Text = text, IncludeLogits = true }, cancellationToken: Token);

        Assert.Equal(label, answer.Label);
        Assert.Equal(1, answer.Scores.Sum(score => score.Score), 1e-5);
        Assert.Equal(answer.Scores.Max(score => score.Score), answer.Score);
        Assert.Equal(2, answer.Logits.Count);
        Assert.Equal("sentiment", answer.Model);
        Assert.False(answer.Truncated);
    }

    [Fact]
    public async Task A_batch_answers_in_order_and_says_in_its_place_what_is_wrong_with_a_text()
    {
        var answer = await _client.PredictBatchAsync(
            new PredictBatchRequest { Texts = { Good, new string('x', 1_001), Bad } }, cancellationToken: Token);

        Assert.Equal(3, answer.Results.Count);
        Assert.Equal("POSITIVE", answer.Results[0].Prediction.Label);
        Assert.Equal("texts[1]", answer.Results[1].Error.Field);
        Assert.Equal((int)StatusCode.InvalidArgument, answer.Results[1].Error.Code);
        Assert.Equal("NEGATIVE", answer.Results[2].Prediction.Label);
    }

    [Fact]
    public async Task A_stream_answers_in_order_with_the_ids_of_the_requests()
    {
        using var call = _client.PredictStream(cancellationToken: Token);
        for (var i = 0; i < 40; i++)
        {
            await call.RequestStream.WriteAsync(
                new PredictStreamRequest { Id = $"{i}", Request = new PredictRequest { Text = i % 2 == 0 ? Good : Bad } }, Token);
        }

        await call.RequestStream.CompleteAsync();
        var answers = new List<PredictStreamResponse>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(Token))
        {
            answers.Add(answer);
        }

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i}"), answers.Select(answer => answer.Id));
        Assert.All(answers, (answer, i) => Assert.Equal(i % 2 == 0 ? "POSITIVE" : "NEGATIVE", answer.Result.Prediction.Label));
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_INVALID_ARGUMENT_and_names_the_field() =>
        await FailsAsync(StatusCode.InvalidArgument, "text",
            () => _client.PredictAsync(new PredictRequest { Text = new string('x', 1_001) }, cancellationToken: Token));

    [Fact]
    public async Task An_unknown_truncation_is_INVALID_ARGUMENT_and_names_the_field() =>
        await FailsAsync(StatusCode.InvalidArgument, "truncation",
            () => _client.PredictAsync(new PredictRequest { Truncation = (Truncation)9 }, cancellationToken: Token));

    [Fact]
    public async Task Too_many_texts_are_INVALID_ARGUMENT_and_name_the_field() =>
        await FailsAsync(StatusCode.InvalidArgument, "texts",
            () => _client.PredictBatchAsync(new PredictBatchRequest { Texts = { Enumerable.Repeat("x", 21) } }, cancellationToken: Token));

    [Fact]
    public async Task An_unknown_model_is_NOT_FOUND_and_the_message_lists_those_there_are()
    {
        var failure = await FailsAsync(
            StatusCode.NotFound, "model", () => _client.PredictAsync(new PredictRequest { Model = "third" }, cancellationToken: Token));

        Assert.Contains("sentiment", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("second@v2", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokenize_shows_what_the_model_reads()
    {
        var answer = await _client.TokenizeAsync(new TokenizeRequest { Text = "A good film" }, cancellationToken: Token);

        Assert.Equal(["[CLS]", "a", "good", "film", "[SEP]"], answer.Tokens.Select(token => token.Text));
        Assert.Equal((2u, 6u), (answer.Tokens[2].Start, answer.Tokens[2].End));
        Assert.True(answer.Tokens[0].Special && answer.Tokens[4].Special && !answer.Tokens[1].Special);
        Assert.Equal(5u, answer.TotalTokens);
    }

    [Fact]
    public async Task Models_are_listed_and_answer_by_name_and_version()
    {
        var models = (await _client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Token)).Models;
        var second = await _client.PredictAsync(new PredictRequest { Text = Good, Model = "second", ModelVersion = "v2" }, cancellationToken: Token);

        Assert.Equal(["sentiment", "second"], models.Select(model => model.Name));
        Assert.Equal([true, false], models.Select(model => model.IsDefault));
        Assert.Equal(["NEGATIVE", "POSITIVE"], models[0].Labels);
        Assert.Equal(("second", "v2"), (second.Model, second.ModelVersion));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lora_onnx.v1.Sentiment")]
    [InlineData("second@v2")]
    public async Task Health_is_SERVING_for_the_server_the_service_and_each_model(string name)
    {
        var answer = await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest { Service = name }, cancellationToken: Token);

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
    }

    [Fact]
    public async Task Reflection_lists_the_services()
    {
        using var call = new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo(cancellationToken: Token);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Token);
        Assert.True(await call.ResponseStream.MoveNext(Token));

        var names = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToArray();
        Assert.Contains("lora_onnx.v1.Sentiment", names);
        Assert.Contains("grpc.health.v1.Health", names);
        await call.RequestStream.CompleteAsync();
    }

    [Fact]
    public async Task Metrics_count_the_texts()
    {
        await _client.PredictAsync(new PredictRequest { Text = Good }, cancellationToken: Token);
        using var http = new HttpClient();

        Assert.Contains("lora_serve_texts_total{", await http.GetStringAsync(server.MetricsUrl, Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_comes_and_goes_while_the_server_runs()
    {
        var admin = new Admin.AdminClient(server.Channel);
        await admin.LoadModelAsync(new LoadModelRequest { Name = "guest", Path = server.Model }, cancellationToken: Token);
        Assert.Equal("guest", (await _client.PredictAsync(new PredictRequest { Text = Good, Model = "guest" }, cancellationToken: Token)).Model);

        await admin.UnloadModelAsync(new UnloadModelRequest { Name = "guest" }, cancellationToken: Token);
        await FailsAsync(StatusCode.NotFound, "model", () => _client.PredictAsync(new PredictRequest { Model = "guest" }, cancellationToken: Token));
    }

    [Fact]
    public async Task The_predict_command_prints_the_label()
    {
        var result = await Task.Run(() => Command.Run(Repository.Path("bin", "lora-serve"), ["predict", "--address", server.Address, Good]), Token);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("POSITIVE", result.Output, StringComparison.Ordinal);
    }

    private static async Task<RpcException> FailsAsync<T>(StatusCode code, string field, Func<AsyncUnaryCall<T>> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await call());
        Assert.Equal(code, failure.StatusCode);
        var details = failure.GetRpcStatus()?.GetDetail<BadRequest>();
        Assert.Equal(field, Assert.Single(details!.FieldViolations).Field);
        return failure;
    }
}
