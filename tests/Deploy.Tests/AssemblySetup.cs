using LoraOnnx.Deploy.Tests;

[assembly: AssemblyFixture(typeof(ServedModels))]
[assembly: AssemblyFixture(typeof(ScoreBench))]
