#!/usr/bin/env bash
# The page of a whole country: two years of 21 regions and four collections, small and made up, and the time it takes to
# write their coverage as HTML.
# Usage: benches/national_report.sh [FOLDER] [RECORDS]      (default target/national_report, 150 records a region, month
# and collection; about 600,000 records in all)
#
# Some things are made to stand out: one region delivers a quarter of its primary care during the last three months, one
# nothing at all of the cancer pathways after October, and one leaves a variable blank for three months. Files that are
# there already are not made again. VANTKOLL names the program; without it a release build is made.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-target/national_report}
records=${2:-150}
if [[ -z ${VANTKOLL:-} ]]; then
  cargo build --release --quiet
  VANTKOLL=target/release/vantkoll
fi
mkdir -p "$work/leveranser"
regions=(01 03 04 05 06 07 08 09 10 12 13 14 17 18 19 20 21 22 23 24 25)

# Ten thousand inhabitants to each record of a month: what the figures are is of no interest, that they differ is.
{
  echo "lanskod;ar;folkmangd"
  for region in "${regions[@]}"; do
    for year in 2021 2022; do echo "$region;$year;$((records * (200 + 10#$region * 7)))"; done
  done
} > "$work/befolkning.csv"

# The register has doctors' contacts for every specialty; in some regions fewer than were delivered.
{
  echo "lanskod;ar;mvo;lakarkontakter"
  for region in "${regions[@]}"; do
    for year in 2021 2022; do
      grep -E '^[0-9]{3},' schemas/codelists/mvo.csv | cut -d, -f1 | while read -r mvo; do
        echo "$region;$year;$mvo;$((records * (10 + 10#$region % 7) / 50 + 1))"
      done
    done
  done
} > "$work/patientregistret.csv"

# One region does not say how its contacts were booked for three months.
cat > "$work/tomt.yaml" <<'YAML'
collection: specvard_genomforda
delivery_date: 2023-03-01
defects:
  - { name: blank bokningssatt, rate: 0.7, plant: { blank: bokningssatt }, expect: SVG-K-bokningssatt }
YAML

# file, collection, region, period, records, seed, and further options
make() {
  local file="$work/leveranser/$1.csv"
  [[ -s $file ]] && return
  "$VANTKOLL" generate "$2" --region "lan:$3" --period "$4" --records "$5" --seed "$6" --quiet --output "$file" \
    "${@:7}" > /dev/null
}

for region in "${regions[@]}"; do
  for year in 2021 2022; do
    seed=$((year * 100 + 10#$region))
    # Regions differ in size, years a little.
    n=$((records * (80 + 10#$region * 37 % 41 + year % 2021 * 6) / 100))
    for collection in primarvard_grundmodell specvard_genomforda specvard_vantande svf; do
      name="${collection}_${region}_$year"
      case "$name" in
        primarvard_grundmodell_08_2022)
          make "${name}_a" "$collection" "$region" 2022-01-01..2022-09-30 $((n * 9)) "$seed"
          make "${name}_b" "$collection" "$region" 2022-10-01..2022-12-31 $((n * 3 / 4)) "$seed"
          ;;
        specvard_genomforda_13_2022)
          make "${name}_a" "$collection" "$region" 2022-01-01..2022-09-30 $((n * 9)) "$seed"
          make "${name}_b" "$collection" "$region" 2022-10-01..2022-12-31 $((n * 3)) "$seed" --defects "$work/tomt.yaml"
          ;;
        svf_25_2022) make "$name" "$collection" "$region" 2022-01-01..2022-10-31 $((n * 2)) "$seed" ;;
        specvard_vantande_*)
          # A list of those waiting is of one month, which its name tells.
          for month in 01 02 03 04 05 06 07 08 09 10 11 12; do
            make "$name-$month" "$collection" "$region" "$year-$month" "$n" "$seed$month"
          done
          ;;
        svf_*) make "$name" "$collection" "$region" "$year" $((n * 2)) "$seed" ;;
        *) make "$name" "$collection" "$region" "$year" $((n * 12)) "$seed" ;;
      esac
    done
  done
done
du -sh "$work/leveranser" | cut -f1

tally="$work/rakneverk.json"
start=$(date +%s%N)
"$VANTKOLL" coverage "$work/leveranser" --population "$work/befolkning.csv" \
  --register "$work/patientregistret.csv" --period 2021..2022 --save-tally "$tally" --quiet --format html="$work/landet.html"
echo "files to page: $((($(date +%s%N) - start) / 1000000)) ms"
start=$(date +%s%N)
"$VANTKOLL" coverage --tally "$tally" --population "$work/befolkning.csv" --register "$work/patientregistret.csv" \
  --period 2021..2022 --quiet --format html="$work/landet.html"
echo "tally to page: $((($(date +%s%N) - start) / 1000000)) ms, $(stat -c %s "$work/landet.html") bytes"
