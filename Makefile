# Everything a person does with this repository. Each target makes sure of the environment first
# (.venv, from the hashed lock); nothing is installed outside .venv and .local.

PYTHON ?= python3
PORT ?= 8000
export PORT

BOOTSTRAP = @$(PYTHON) -m presence_project.bootstrap
BIN = .venv/bin
MANAGE = DJANGO_MODE=test $(BIN)/python manage.py

.PHONY: help run test check convergence bench size format shell screenshots lock clean

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run:  ## Serve on http://127.0.0.1:8000 (PORT=9000 make run), with demo people
	$(BOOTSTRAP) run
	@exec $(BIN)/python -m presence_project.run

test:  ## The whole test suite (ARGS="-k stream" for a part of it)
	$(BOOTSTRAP) dev
	@exec $(BIN)/python -m pytest $(ARGS)

check:  ## Format, lint, types, import contracts, migrations, deployment settings
	$(BOOTSTRAP) dev
	@exec $(BIN)/python -m presence_project.check

convergence:  ## 5,000 random stories: does every watcher come to see the truth? (about 20 minutes)
	$(BOOTSTRAP) dev
	@CONVERGENCE_EXAMPLES=5000 exec $(BIN)/python -m pytest tests/convergence $(ARGS)

bench:  ## Measure this service beside its peers, on two quiet cores; rewrites docs/performance.md (CLAIM=heartbeats)
	$(BOOTSTRAP) dev
	@exec $(BIN)/python -m benchmarks $(CLAIM)

size:  ## How large the browser's scripts are, minified and on the wire (needs npx)
	@command -v npx >/dev/null || { echo "There is no npx here to run esbuild with, so nothing is measured."; exit 0; }; \
	cd presence/static/presence && for script in presence.js elements.js; do \
		small=$$(mktemp) && npx --yes esbuild --minify --log-level=error $$script >$$small 2>/dev/null \
			|| { echo "esbuild cannot be run here, so nothing is measured."; rm -f $$small; exit 1; }; \
		printf '%-12s %6d bytes minified  %5d gzipped\n' $$script $$(wc -c <$$small) $$(gzip -9c $$small | wc -c); \
		rm -f $$small; \
	done

format:  ## Rewrite the code in the house format
	$(BOOTSTRAP) dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

shell:  ## A Django shell on the data of `make run`
	$(BOOTSTRAP) run
	@exec $(BIN)/python -m presence_project.run shell

screenshots:  ## Take the README's pictures anew (needs Chromium)
	$(BOOTSTRAP) dev
	@PYTHONPATH=. exec $(BIN)/python docs/images/screenshots.py

lock:  ## Resolve requirements*.txt anew into the hashed locks
	$(BOOTSTRAP) lock

clean:  ## Remove the environment, the local data and every cache
	@$(PYTHON) -m presence_project.bootstrap clean
