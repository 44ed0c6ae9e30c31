import Config

config :web, greeting: "hello"
config :logger, level: :error
