defmodule Ledger.MixProject do
  use Mix.Project

  def project do
    [
      app: :ledger,
      version: "0.1.0",
      elixir: "~> 1.14",
      deps: [],
      releases: [ledger: [include_erts: true]]
    ]
  end

  def application, do: [extra_applications: [:logger], mod: {Ledger.Application, []}]
end
