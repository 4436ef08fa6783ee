using System.Text.RegularExpressions;

namespace LoraOnnx.Packages.Tests;

/// <summary>A program outside of the checkout, with the packages from the feed and the code of the documents as it stands there.</summary>
public sealed partial class LibrarySamplesTests(PackageFeed feed, DemoModel model) : IDisposable
{
    private readonly Customer _customer = new(feed);

    public void Dispose() => _customer.Dispose();

    [Fact]
    public async Task The_documents_code_runs_with_the_packages_alone_in_process_and_over_a_server()
    {
        using var server = await ServerProcess.StartAsync("--model", model.Path);
        var (readme, library) = (Samples("README.md"), Samples("docs/library.md"));
        Assert.Equal((1, 4), (readme.Count, library.Count));
        Directory.CreateDirectory(Path.Combine(_customer.Folder, "onnx"));
        Directory.CreateSymbolicLink(Path.Combine(_customer.Folder, "onnx", "lora"), model.Path);
        _customer.Write("app.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <OutputType>Exe</OutputType>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="LoraOnnx.Cpu" Version="{PackageFeed.Version}" />
                <PackageReference Include="LoraOnnx.Client" Version="{PackageFeed.Version}" />
                <PackageReference Include="LoraOnnx.MachineLearning" Version="{PackageFeed.Version}" />
                <PackageReference Include="Microsoft.Extensions.Hosting" Version="10.0.15" />
              </ItemGroup>
            </Project>
            """);
        _customer.Write("Program.cs", $$"""
            using LoraOnnx;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Diagnostics.HealthChecks;
            using Microsoft.Extensions.Hosting;
            using Microsoft.Extensions.Logging;
            using Microsoft.ML;

            {
            {{readme[0]}}
            }
            {
            {{library[0]}}
            }
            await AskAsync(builder =>
            {
            {{library[1]}}
            });
            await AskAsync(builder =>
            {
            {{library[2].Replace("127.0.0.1:50051", server.GrpcAddress, StringComparison.Ordinal)}}
            });
            {
                var reviews = new MLContext().Data.LoadFromEnumerable([new Review { Text = "A slow start, but the last act is wonderful." }]);
            {{library[3]}}
                var row = context.Data.CreateEnumerable<Review>(rows, reuseRowObject: false).Single();
                Console.WriteLine($"{row.PredictedLabel} {row.Probability:p1}, {row.Tokens} tokens");
            }

            static async Task AskAsync(Action<HostApplicationBuilder> register)
            {
                var builder = Host.CreateApplicationBuilder();
                builder.Logging.ClearProviders();
                builder.Services.AddHealthChecks();
                register(builder);
                using var host = builder.Build();
                var answer = await host.Services.GetRequiredService<ITextClassifier>().ClassifyAsync("A slow start, but the last act is wonderful.");
                var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
                Console.WriteLine($"{answer.Label} {answer.Score:p1}, {answer.Tokens} tokens, {health.Status}");
            }

            sealed class Review
            {
                public string Text { get; set; } = "";
                public string PredictedLabel { get; set; } = "";
                public float Probability { get; set; }
                public int Tokens { get; set; }
            }
            """);

        var printed = _customer.Dotnet("run", "--property:NuGetAudit=false");

        var lines = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches(@"^(POSITIVE|NEGATIVE) \d+\.\d ?%, 13 tokens$", lines[0]);
        Assert.Equal([lines[0], lines[0], lines[0] + ", Healthy", lines[0] + ", Healthy", lines[0]], lines);
    }

    /// <summary>The C# of a document, without the line that says what is used.</summary>
    private static List<string> Samples(string document) =>
        [.. Fence().Matches(File.ReadAllText(Repository.Path(document)))
            .Select(match => match.Groups[1].Value.Replace("using LoraOnnx;\n\n", "", StringComparison.Ordinal))];

    [GeneratedRegex(@"^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
