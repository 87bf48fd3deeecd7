// Lines and JSON of what was found.
#include "cli/diagnosis.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace sonde::cli {
namespace {

struct GradeWords {
  std::string_view key;
  std::string_view zh;
  Color color;
};

// In the order of Grade.
constexpr std::array kGrades = {GradeWords{"ok", "正常", Color::kGreen}, GradeWords{"warn", "注意", Color::kYellow},
                                GradeWords{"fail", "故障", Color::kRed}};

const GradeWords& words_of(Grade grade) { return kGrades.at(static_cast<std::size_t>(grade)); }

std::string grade_word(Grade grade, const Terminal& t) {
  const GradeWords& w = words_of(grade);
  return std::string{t.say(w.key, w.zh)};
}

// Machine, log and "sink NAME" are keys; what a person reads is in their language.
std::string about_words(const Diagnosis& d, const Terminal& t) {
  constexpr std::string_view kSink = "sink ";
  if (d.about == "machine") return std::string{t.say("machine", "本机")};
  if (d.about == "log") return std::string{t.say("log", "日志")};
  if (!d.about.starts_with(kSink)) return shown(d.about);
  return fmt::format("{} {}", t.say("sink", "出口"), shown(std::string_view{d.about}.substr(kSink.size())));
}

std::string check_name(const Diagnosis& d) {
  return d.promise.empty() ? std::string{d.check} : fmt::format("{} ({})", d.check, d.promise);
}

}  // namespace

std::string diagnoses_text(const std::vector<Diagnosis>& all, const Terminal& t) {
  int about = 0;
  int check = 0;
  std::array<std::size_t, kGrades.size()> count{};
  for (const Diagnosis& d : all) {
    about = std::max(about, core::display_width(about_words(d, t)));
    check = std::max(check, core::display_width(check_name(d)));
    ++count.at(static_cast<std::size_t>(d.grade));
  }
  std::string out;
  for (const Diagnosis& d : all) {
    const GradeWords& w = words_of(d.grade);
    out += fmt::format("{}  {}  {}  {}", t.paint(w.color, pad(grade_word(d.grade, t), 4)),
                       pad(about_words(d, t), about), pad(check_name(d), check), shown(d.text.in(t.language)));
    if (!d.advice.en.empty()) out += fmt::format(" {} {}", t.sign("→", "->"), shown(d.advice.in(t.language)));
    out += '\n';
  }
  return out + fmt::format(fmt::runtime(t.say("{} {}, {} {}, {} {}\n", "{} {}，{} {}，{} {}\n")), count[0],
                           grade_word(Grade::kOk, t), count[1], grade_word(Grade::kWarn, t), count[2],
                           grade_word(Grade::kFail, t));
}

std::string diagnoses_json(const std::vector<Diagnosis>& all, core::Language language) {
  std::string out;
  for (const Diagnosis& d : all) {
    nlohmann::ordered_json one{{"about", d.about}, {"check", d.check}};
    if (!d.promise.empty()) one["promise"] = d.promise;
    one["grade"] = words_of(d.grade).key;
    one["text"] = d.text.in(language);
    if (!d.advice.en.empty()) one["advice"] = d.advice.in(language);
    out += one.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  return out;
}

}  // namespace sonde::cli
