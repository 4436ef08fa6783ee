using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace LoraOnnx.Serving.Transports.Http.Document;

/// <summary>What the OpenAPI document says beside the endpoints' own descriptions: how callers say who they are, examples, refusals.</summary>
internal static class ApiDocument
{
    private const string Bearer = nameof(Bearer);
    private const string KeyHeader = "ApiKey";
    private const string Json = "application/json";

    private static readonly Dictionary<string, string> _refusals = new()
    {
        ["400"] = "The body, or the member of it that `field` names, is wrong.",
        ["401"] = "No key or token, or an unknown one.",
        ["403"] = "The caller's role is user; this call needs admin.",
        ["404"] = "There is no such model or version.",
        ["413"] = "The body, or a text in it, is larger than the limit.",
        ["415"] = "The body is not of a type that is read here.",
        ["422"] = "A member of the body is of another shape than is read here.",
        ["424"] = "The model failed.",
        ["429"] = "Too much to do; Retry-After says in how many seconds to come again.",
        ["503"] = "The server is starting or ending.",
        ["504"] = "The time that the caller gave was over first.",
    };

    public static void Describe(OpenApiOptions document)
    {
        document.AddDocumentTransformer((openApi, context, _) =>
        {
            DescribeServer(openApi, context.ApplicationServices.GetRequiredService<ServingOptions>());
            return Task.CompletedTask;
        });
        document.AddOperationTransformer((operation, context, _) =>
        {
            DescribeCall(operation, context.Description.ActionDescriptor.EndpointMetadata, context);
            return Task.CompletedTask;
        });
        document.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(AllowedValuesAttribute), inherit: false) is [var allowed, ..])
            {
                schema.Enum = [.. ((AllowedValuesAttribute)allowed).Values.Select(value => (JsonNode)JsonValue.Create((string)value!))]; // texts only
            }

            return Task.CompletedTask;
        });
    }

    private static void DescribeServer(OpenApiDocument openApi, ServingOptions options)
    {
        openApi.Info.Title = ServingSetup.ServerName;
        openApi.Info.Version = ToolVersion.Text;
        openApi.Info.Description = "Texts in, labels and scores out. Errors are problem details; 429 comes with Retry-After.";
        openApi.Info.License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" };
        var components = openApi.Components ??= new OpenApiComponents();
        var needed = options.Access.Count > 0
            ? $"Needed here: {string.Join(", or ", options.Access.Select(scheme => scheme.Expects))}."
            : "This server asks for none.";
        components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = $"An API key or a token (JWT). {needed}",
            },
            [KeyHeader] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "x-api-key",
                Description = "An API key, the other way to show it.",
            },
        };
    }

    private static void DescribeCall(OpenApiOperation operation, IList<object> metadata, OpenApiOperationTransformerContext context)
    {
        var responses = operation.Responses ??= [];
        var isProbe = metadata.OfType<ProbeAttribute>().Any();
        var roles = metadata.OfType<IAuthorizeData>().Select(role => role.Policy).ToArray();
        if (isProbe)
        {
            responses.TryAdd("503", new OpenApiResponse());
        }
        else
        {
            responses.TryAdd("401", new OpenApiResponse());
            if (roles.Contains(Access.Admin))
            {
                responses.TryAdd("403", new OpenApiResponse());
            }

            if (context.ApplicationServices.GetRequiredService<ServingOptions>().Access.Count > 0)
            {
                operation.Security = [Requirement(Bearer), Requirement(KeyHeader)];
            }
        }

        foreach (var (status, response) in responses.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            DescribeRefusal(status, (OpenApiResponse)response);
        }

        if (metadata.OfType<ApiExample>().LastOrDefault() is { } example)
        {
            Show(operation.RequestBody?.Content, example.Request);
            Show(responses.GetValueOrDefault("200")?.Content, example.Answer);
        }

        OpenApiSecurityRequirement Requirement(string scheme) => new() { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [] };
    }

    private static void DescribeRefusal(string status, OpenApiResponse response)
    {
        if (!_refusals.TryGetValue(status, out var description))
        {
            return;
        }

        response.Description = description;
        if (status == "429")
        {
            response.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Retry-After"] = new OpenApiHeader { Description = "Seconds.", Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } },
            };
        }
    }

    private static void Show(IDictionary<string, OpenApiMediaType>? content, string? json)
    {
        if (json is not null && content?.TryGetValue(Json, out var media) == true)
        {
            media.Example = JsonNode.Parse(json);
        }
    }
}
