defmodule Web.MixProject do
  use Mix.Project

  # Two versions are built from these sources: WEB_VERSION tells which.
  def project do
    [app: :web, version: System.fetch_env!("WEB_VERSION") <> ".0.0", elixir: "~> 1.14", deps: [], releases: [web: [version: System.fetch_env!("WEB_VERSION"), include_erts: true]]]
  end

  def application, do: [extra_applications: [:sasl, :logger], mod: {Web.Application, []}]
end
