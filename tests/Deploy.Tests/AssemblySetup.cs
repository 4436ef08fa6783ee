using LoraOnnx.Deploy.Tests;

[assembly: AssemblyFixture(typeof(ServedModels))]
