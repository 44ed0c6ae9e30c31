import Config

config :ledger, greeting: "from config.exs", env: config_env()
config :logger, level: :debug
